package import RTP
package import Wire

/// Puts a source's packets together to encoded pictures, in their order, and gives out those that can be decoded
/// (RFC 7741, RFC 9628).
///
/// Packets may come late or not at all. A gap is waited for as long as a repair may take; then what depends on the missing
/// pictures is passed over: with temporal layers only those above, else all until a key frame, which is asked for.
package struct FrameAssembler {
    /// What became of the packets so far.
    package struct Counters: Sendable, Equatable {
        package var frames: UInt64 = 0
        package var undecodableFrames: UInt64 = 0
        package var gaps: UInt64 = 0
        package var malformedPackets: UInt64 = 0
    }

    private struct Slot {
        var number: Int64 = -1
        var timestamp: UInt32 = 0
        var hasMarker = false
        var startsPicture = false
        var isPadding = false
        var payload: [UInt8] = []
        var start = 0
        var layer = LayerPosition()
        var isKeyFrame = false
    }

    /// A packet has to be repaired by then; the relay asks for it several times in this time.
    package static let patience = Duration.milliseconds(200)
    /// Packets that are kept: more than a second of video at some Mbit/s. A picture has to fit in.
    private static let capacity = 1024
    private static let largestFrame = 2 << 20

    private let codec: VideoCodec
    /// Layers above are left out (VP9).
    private let largestSpatialID: UInt8
    private var slots = [Slot](repeating: Slot(), count: FrameAssembler.capacity)
    private var unwrapper = SequencePosition()
    /// The first packet that has not been given out or passed over.
    private var next: Int64?
    private var highest: Int64 = -1
    private var gapSince: Instant?
    private var dependencies: FrameDependencies
    private(set) package var counters = Counters()

    /// - Parameters:
    ///   - codec: VP8 or VP9.
    ///   - largestSpatialID: of VP9's layers, the highest that is of use.
    package init(_ codec: VideoCodec, largestSpatialID: UInt8 = 7) {
        self.codec = codec
        self.largestSpatialID = largestSpatialID
        dependencies = FrameDependencies()
    }

    /// Whether the source has to be asked for a key frame: nothing can be decoded before one comes.
    package var needsKeyFrame: Bool { dependencies.needsKeyFrame }

    /// A decoder could not make anything of what it was given.
    package mutating func requireKeyFrame() {
        dependencies.requireKeyFrame()
    }

    /// Takes a packet.
    package mutating func receive(_ packet: Span<UInt8>, _ header: RTPHeader, at now: Instant) {
        let number = unwrapper.extend(header.sequenceNumber)
        if let next, number < next { return }
        if highest - number >= Int64(Self.capacity) { return }
        if let next, number - next >= Int64(Self.capacity) {
            passOver(upTo: number - Int64(Self.capacity) + 1)
        }
        let index = Int(number % Int64(Self.capacity))
        guard slots[index].number != number else { return }
        slots[index].number = number
        slots[index].timestamp = header.timestamp
        slots[index].hasMarker = header.hasMarker
        slots[index].payload.removeAll(keepingCapacity: true)
        slots[index].isKeyFrame = false
        slots[index].startsPicture = false
        slots[index].isPadding = header.payload.isEmpty
        if !header.payload.isEmpty { describe(packet.extracting(header.payload), in: index) }
        highest = max(highest, number)
        if next == nil { next = number }
    }

    /// The next picture that is whole and can be decoded; nil if there is none yet.
    package mutating func nextFrame(at now: Instant) -> EncodedFrame? {
        while let first = next, first <= highest {
            guard isPresent(first) else {
                if !waitIsOver(at: now) { return nil }
                passGap()
                continue
            }
            if slots[Int(first % Int64(Self.capacity))].isPadding {
                next = first + 1
                continue
            }
            guard let last = lastPacket(from: first) else {
                // The rest has not come, or is missing.
                guard highest > first, hasGap(from: first), waitIsOver(at: now) else { return nil }
                passGap()
                continue
            }
            gapSince = nil
            next = last + 1
            if let frame = assemble(first...last) { return frame }
        }
        gapSince = nil
        return nil
    }

    // MARK: - Private

    private mutating func describe(_ payload: Span<UInt8>, in index: Int) {
        switch codec {
        case .vp8:
            guard let descriptor = VP8Descriptor(parsing: payload) else {
                counters.malformedPackets += 1
                slots[index].isPadding = true
                return
            }
            slots[index].startsPicture = descriptor.startsPartition && descriptor.partitionIndex == 0
            slots[index].start = descriptor.headerLength
            slots[index].isKeyFrame = descriptor.isKeyFrame
            slots[index].layer = LayerPosition(descriptor)
        case .vp9:
            guard let descriptor = VP9Descriptor(parsing: payload) else {
                counters.malformedPackets += 1
                slots[index].isPadding = true
                return
            }
            slots[index].startsPicture = descriptor.beginsFrame && descriptor.spatialID == 0
            slots[index].start = descriptor.headerLength
            slots[index].isKeyFrame = descriptor.isKeyFrame
            slots[index].layer = LayerPosition(descriptor)
        case .h264, .av1:
            preconditionFailure("lanes take VP8 and VP9")
        }
        // Taken out while it is written to: a step through the table for every byte would be seen.
        var bytes: [UInt8] = []
        swap(&bytes, &slots[index].payload)
        for place in payload.indices { bytes.append(payload[place]) }
        swap(&bytes, &slots[index].payload)
    }

    private func isPresent(_ number: Int64) -> Bool {
        slots[Int(number % Int64(Self.capacity))].number == number
    }

    /// The last packet of the picture that begins with `first`, if all of it is there.
    private func lastPacket(from first: Int64) -> Int64? {
        let timestamp = slots[Int(first % Int64(Self.capacity))].timestamp
        var number = first
        while number <= highest, isPresent(number) {
            let slot = Int(number % Int64(Self.capacity))
            if slots[slot].timestamp != timestamp, !slots[slot].isPadding { return number - 1 }
            if slots[slot].hasMarker { return number }
            number += 1
        }
        return nil
    }

    private func hasGap(from first: Int64) -> Bool {
        var number = first
        while number <= highest {
            if !isPresent(number) { return true }
            number += 1
        }
        return false
    }

    private mutating func waitIsOver(at now: Instant) -> Bool {
        guard let since = gapSince else {
            gapSince = now
            return false
        }
        return now >= since + Self.patience
    }

    /// Goes on behind the first gap, where a picture begins.
    private mutating func passGap() {
        guard let first = next else { return }
        var number = first
        while number <= highest, isPresent(number) { number += 1 }
        while number <= highest {
            let slot = Int(number % Int64(Self.capacity))
            if isPresent(number), slots[slot].startsPicture { break }
            number += 1
        }
        passOver(upTo: number)
    }

    private mutating func passOver(upTo number: Int64) {
        next = number
        gapSince = nil
        counters.gaps += 1
        dependencies.lostFrames()
    }

    private mutating func assemble(_ range: ClosedRange<Int64>) -> EncodedFrame? {
        let first = Int(range.lowerBound % Int64(Self.capacity))
        guard slots[first].startsPicture,
            dependencies.admit(slots[first].layer, isKeyFrame: slots[first].isKeyFrame)
        else {
            counters.undecodableFrames += 1
            return nil
        }
        var size = 0
        for number in range { size += slots[Int(number % Int64(Self.capacity))].payload.count }
        guard size <= Self.largestFrame else {
            counters.undecodableFrames += 1
            dependencies.requireKeyFrame()
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        for number in range {
            let slot = Int(number % Int64(Self.capacity))
            guard !slots[slot].isPadding, slots[slot].layer.spatialID <= largestSpatialID else { continue }
            bytes.append(contentsOf: slots[slot].payload[slots[slot].start...])
        }
        counters.frames += 1
        return EncodedFrame(
            bytes: bytes, timestamp: slots[first].timestamp, isKeyFrame: slots[first].isKeyFrame)
    }
}

/// Sequence numbers of 16 bits as a count that does not wrap.
private struct SequencePosition {
    private var last: Int64?

    mutating func extend(_ number: UInt16) -> Int64 {
        guard let last else {
            // High enough that late packets stay positive.
            self.last = 0x1_0000 + Int64(number)
            return 0x1_0000 + Int64(number)
        }
        let position = last + Int64(Int16(bitPattern: number &- UInt16(truncatingIfNeeded: last)))
        self.last = max(last, position)
        return position
    }
}
