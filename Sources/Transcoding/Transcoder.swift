import BasicContainers
package import Codecs

/// One source decoded once for all of its lanes.
package struct Transcoder: ~Copyable {
    /// What a lane is called by those who ask for it.
    package typealias LaneID = UInt32

    private struct Entry: ~Copyable {
        let id: LaneID
        var lane: Lane
    }

    private let codec: VPXCodec
    private var decoder: VPXDecoder
    private var entries = UniqueArray<Entry>()
    /// Encoded pictures that could not be decoded.
    package private(set) var damagedFrames: UInt64 = 0
    package private(set) var decodedFrames: UInt64 = 0

    /// - Parameter codec: the source's.
    package init(_ codec: VPXCodec) throws(CodecError) {
        self.codec = codec
        decoder = try VPXDecoder(codec)
    }

    package var laneCount: Int { entries.count }

    package mutating func add(_ id: LaneID, _ settings: LaneSettings) {
        entries.append(Entry(id: id, lane: Lane(settings)))
    }

    package mutating func remove(_ id: LaneID) {
        for index in 0..<entries.count where entries[index].id == id {
            _ = entries.remove(at: index)
            return
        }
    }

    /// Calls `body` with a lane, if there is one of this name.
    package mutating func withLane<Result>(_ id: LaneID, _ body: (inout Lane) -> Result) -> Result? {
        for index in 0..<entries.count where entries[index].id == id { return body(&entries[index].lane) }
        return nil
    }

    /// Decodes an encoded picture and gives it to all lanes.
    ///
    /// - Parameter deliver: called for each lane with what became of the picture.
    /// - Returns: false if the picture is damaged, so that the source has to be asked for a key frame.
    package mutating func transcode(
        _ frame: Span<UInt8>, timestamp: UInt32, effort: Effort,
        _ deliver: (LaneID, LaneOutcome, borrowing Lane) -> Void
    ) -> Bool {
        do {
            guard try decoder.decode(frame), let size = decoder.size else { return true }
            decodedFrames += 1
            let source = PixelSize(width: size.width, height: size.height)
            for index in 0..<entries.count {
                let outcome = entries[index].lane.encode(source, timestamp: timestamp, effort: effort) {
                    picture in decoder.scale(into: &picture)
                }
                deliver(entries[index].id, outcome, entries[index].lane)
            }
            return true
        } catch {
            damagedFrames += 1
            return false
        }
    }
}
