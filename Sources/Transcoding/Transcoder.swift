import BasicContainers
package import Codecs
package import Wire

/// One source decoded once for all of its lanes.
package struct Transcoder: ~Copyable {
    /// What a lane is called by those who ask for it.
    package typealias LaneID = UInt32

    struct Entry: ~Copyable {
        let id: LaneID
        var lane: Lane
    }

    private let codec: VPXCodec
    private var decoder: VPXDecoder
    private var entries = UniqueArray<Entry>()
    /// Encoded pictures that could not be decoded.
    package private(set) var damagedFrames: UInt64 = 0
    package private(set) var decodedFrames: UInt64 = 0
    /// What decoding has taken so far.
    package private(set) var decodingTime = Duration.zero

    /// - Parameter codec: the source's.
    package init(_ codec: VPXCodec) throws(CodecError) {
        self.codec = codec
        decoder = try VPXDecoder(codec)
    }

    package var laneCount: Int { entries.count }

    package mutating func add(_ id: LaneID, _ settings: LaneSettings) {
        entries.append(Entry(id: id, lane: Lane(settings)))
    }

    /// Returns whether there was one of this name.
    package mutating func remove(_ id: LaneID) -> Bool {
        guard let index = index(of: id) else { return false }
        _ = entries.remove(at: index)
        return true
    }

    /// Changes what a lane may take.
    package mutating func change(_ id: LaneID, _ terms: LaneTerms) {
        guard let index = index(of: id) else { return }
        entries[index].lane.change(terms)
    }

    /// Makes pictures smaller where a lane may choose their size: there is too little CPU.
    package mutating func relieve() {
        for index in 0..<entries.count { entries[index].lane.relieve() }
    }

    /// Somebody waits for a resync frame of a lane.
    package mutating func requestResync(of id: LaneID) {
        guard let index = index(of: id) else { return }
        entries[index].lane.requestResync()
    }

    /// Decodes an encoded picture and gives it to all lanes.
    ///
    /// - Parameters:
    ///   - clock: tells the time; it is asked before and after decoding, and after each lane.
    ///   - deliver: called for each lane with what became of the picture.
    /// - Returns: false if the picture is damaged, so that the source has to be asked for a key frame.
    package mutating func transcode(
        _ frame: Span<UInt8>, timestamp: UInt32, effort: Effort, clock: () -> Instant,
        _ deliver: (LaneID, LaneOutcome, LaneStatistics) -> Void
    ) -> Bool {
        var start = clock()
        do {
            let isShown = try decoder.decode(frame)
            let decoded = clock()
            decodingTime += decoded - start
            guard isShown, let size = decoder.size else { return true }
            decodedFrames += 1
            let source = PixelSize(width: size.width, height: size.height)
            start = decoded
            for index in 0..<entries.count {
                let outcome = entries[index].lane.encode(source, timestamp: timestamp, effort: effort) {
                    picture in decoder.scale(into: &picture)
                }
                let end = clock()
                entries[index].lane.spent(end - start)
                start = end
                deliver(entries[index].id, outcome, entries[index].lane.statistics)
            }
            return true
        } catch {
            damagedFrames += 1
            return false
        }
    }

    private func index(of id: LaneID) -> Int? {
        for index in 0..<entries.count where entries[index].id == id { return index }
        return nil
    }
}
