package import Wire

/// The receiver's side of transport-wide congestion control: remembers arrivals and tells the sender of them
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
///
/// A packet that comes after it was told as missing moves the next report back to it, so that the sender
/// learns that it was late, not lost; packets behind it are then told again with the same arrival times.
package struct TransportFeedbackRecorder: Sendable {
    /// How many sequence numbers are remembered. A jump beyond, forward or back, begins anew at the new
    /// number.
    package static let capacity = 2048
    /// The bytes that `writeFeedback` needs to make progress.
    package static let minimumRoom = 64

    private static let headerLength = 20
    private static let notReceived = Int64.min

    private let senderSSRC: UInt32
    /// A source of the transport reported on; Chromium ignores feedback that names none of its own.
    package var mediaSSRC: UInt32
    /// Units of 250 us at which packets arrived, by sequence number modulo the capacity.
    private var arrivals = [Int64](repeating: notReceived, count: capacity)
    /// The unwrapped numbers to be told next. The last one has always arrived. Both bounds are 0 before the
    /// first.
    private var pending: Range<Int64> = 0..<0
    private var feedbackCount: UInt8 = 0
    /// Scratch of `writeFeedback`, kept for its capacity.
    private var statuses: [PacketStatus] = []

    /// - Parameters:
    ///   - senderSSRC: our own source.
    ///   - mediaSSRC: any source of the transport reported on.
    package init(senderSSRC: UInt32, mediaSSRC: UInt32) {
        self.senderSSRC = senderSSRC
        self.mediaSSRC = mediaSSRC
    }

    /// Whether something has arrived since the last feedback.
    package var hasReport: Bool { !pending.isEmpty }

    /// Notes the arrival of the packet with the transport-wide `sequenceNumber`. The first arrival of a
    /// number counts.
    package mutating func record(sequenceNumber: UInt16, at now: Instant) {
        // Rounding down with the arithmetic shift's sign: clocks may begin below zero.
        let tick = now.nanoseconds >= 0 ? now.nanoseconds / 250_000 : (now.nanoseconds &+ 1) / 250_000 - 1
        let end = pending.upperBound
        guard end > 0 else {
            restart(at: sequenceNumber, tick: tick)
            return
        }
        let distance = SequenceUnwrapper.distance(
            from: UInt16(truncatingIfNeeded: end - 1), to: sequenceNumber)
        let sequence = end - 1 + distance
        guard abs(distance) < Self.capacity else {
            restart(at: sequenceNumber, tick: tick)
            return
        }
        if distance > 0 {
            for missing in end..<sequence {
                arrivals[slot(missing)] = Self.notReceived
            }
            arrivals[slot(sequence)] = tick
            let oldest = sequence + 1 - Int64(Self.capacity)
            pending = max(pending.lowerBound, oldest)..<sequence + 1
        } else if arrivals[slot(sequence)] == Self.notReceived {
            arrivals[slot(sequence)] = tick
            pending = min(pending.lowerBound, sequence)..<end
        }
    }

    /// Appends one feedback packet about what has arrived since the last, as much of it as there is room for.
    ///
    /// - Returns: whether more is left to write: call again, with `minimumRoom` bytes at least; with less
    ///   room nothing is written.
    package mutating func writeFeedback(into output: inout OutputSpan<UInt8>) -> Bool {
        guard hasReport, output.freeCapacity >= Self.minimumRoom else { return hasReport }
        let reference = collectStatuses()
        let count = statusCount(fitting: output.freeCapacity / 4 * 4 - Self.headerLength)
        statuses.removeLast(statuses.count - count)

        var length = Self.headerLength
        var index = 0
        while index < count {
            index += nextChunk(at: index).count
            length += 2
        }
        for status in statuses {
            length += status.deltaLength
        }
        let padding = (4 - length % 4) % 4
        RTCPWriter.header(
            RTCPType.transportFeedback, count: RTCPType.transportWide, size: length + padding, into: &output)
        output.append(bigEndian: senderSSRC)
        output.append(bigEndian: mediaSSRC)
        output.append(bigEndian: UInt16(truncatingIfNeeded: pending.lowerBound))
        output.append(bigEndian: UInt16(count))
        output.append(bigEndian24: UInt32(truncatingIfNeeded: reference))
        output.append(feedbackCount)

        index = 0
        while index < count {
            let (chunk, covered) = nextChunk(at: index)
            output.append(bigEndian: chunk.rawValue)
            index += covered
        }
        var previous = reference << 8
        for (offset, status) in statuses.enumerated() where status != .notReceived {
            let tick = arrivals[slot(pending.lowerBound + Int64(offset))]
            let delta = tick &- previous
            if status == .smallDelta {
                output.append(UInt8(truncatingIfNeeded: delta))
            } else {
                output.append(bigEndian: UInt16(truncatingIfNeeded: delta))
            }
            previous = tick
        }
        output.append(repeating: 0, count: padding)

        pending = pending.lowerBound + Int64(count)..<pending.upperBound
        feedbackCount &+= 1
        return hasReport
    }

    // MARK: - Private

    private func slot(_ sequence: Int64) -> Int {
        Int(sequence) & (Self.capacity - 1)
    }

    private mutating func restart(at sequenceNumber: UInt16, tick: Int64) {
        for index in arrivals.indices {
            arrivals[index] = Self.notReceived
        }
        // As in SequenceUnwrapper: numbers before the first stay positive.
        let sequence = 65536 + Int64(sequenceNumber)
        arrivals[slot(sequence)] = tick
        pending = sequence..<sequence + 1
    }

    /// Fills `statuses` for the pending numbers, up to the first whose time does not fit a delta.
    ///
    /// - Returns: the reference time: the first arrival in units of 64 ms, rounded down.
    private mutating func collectStatuses() -> Int64 {
        statuses.removeAll(keepingCapacity: true)
        var reference: Int64?
        var previous: Int64 = 0
        for sequence in pending {
            let tick = arrivals[slot(sequence)]
            guard tick != Self.notReceived else {
                statuses.append(.notReceived)
                continue
            }
            if reference == nil {
                reference = tick >> 8
                previous = (tick >> 8) << 8
            }
            let delta = tick &- previous
            if (0...255).contains(delta) {
                statuses.append(.smallDelta)
            } else if Int16(exactly: delta) != nil {
                statuses.append(.largeDelta)
            } else {
                break
            }
            previous = tick
        }
        return reference ?? 0
    }

    /// How many of `statuses` can be told in `room` bytes of chunks and deltas. Ending a packet earlier never
    /// makes the chunks before that end longer, so the measure taken with all statuses holds.
    private func statusCount(fitting room: Int) -> Int {
        var used = 0
        var index = 0
        while index < statuses.count {
            let (chunk, covered) = nextChunk(at: index)
            var deltas = 0
            for status in statuses[index..<index + covered] {
                deltas += status.deltaLength
            }
            if used + 2 + deltas > room {
                guard chunk.isRun, statuses[index] != .notReceived else { return index }
                return index + max(0, (room - used - 2) / statuses[index].deltaLength)
            }
            used += 2 + deltas
            index += covered
        }
        return index
    }

    /// The chunk that tells most from `index` on, and how many statuses it covers.
    private func nextChunk(at index: Int) -> (chunk: PacketStatusChunk, count: Int) {
        let first = statuses[index]
        let limit = min(statuses.count, index + PacketStatusChunk.maximumRun)
        var end = index + 1
        while end < limit, statuses[end] == first {
            end += 1
        }
        let run = end - index
        let oneBitEnd = min(statuses.count, index + PacketStatusChunk.oneBitCount)
        if end < oneBitEnd {
            let near = statuses[index..<oneBitEnd]
            if !near.contains(.largeDelta) {
                return (PacketStatusChunk(vector: near, twoBits: false), near.count)
            }
            if run < PacketStatusChunk.twoBitCount {
                let nearest = near.prefix(PacketStatusChunk.twoBitCount)
                return (PacketStatusChunk(vector: nearest, twoBits: true), nearest.count)
            }
        }
        return (PacketStatusChunk(run: first, count: run), run)
    }
}
