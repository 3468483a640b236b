import Wire

/// Which packets of all streams of a transport arrived, and when
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
///
///     |      base sequence number     |      packet status count      |
///     |                 reference time                | fb pkt. count |
///     |          packet chunk         |         packet chunk ...      |
///     |           recv delta          |  recv delta   | ...
package struct TransportFeedbackHeader: Hashable, Sendable {
    package var sender: UInt32
    package var media: UInt32
    package var baseSequenceNumber: UInt16
    /// 0...65535, as the packet claims.
    package var statusCount: Int
    /// 24 bits signed, in 64 ms of the receiver's clock.
    package var referenceTime: Int32
    /// Increases with every feedback packet, and wraps.
    package var feedbackCount: UInt8
    /// Chunks and arrival times, as offsets in the compound.
    package var range: Range<Int>

    /// After so many microseconds arrival times begin anew: the reference time has 24 bits.
    package static let arrivalWrapMicroseconds: Int64 = 64_000 << 24

    /// Calls `body` for every packet told of, in the order of sequence numbers, at most `statusCount` times.
    /// `arrivalMicroseconds` is on the receiver's clock, modulo `arrivalWrapMicroseconds`, and `nil` for a
    /// packet that has not arrived.
    ///
    /// - Returns: `false`, with nothing delivered, when chunks or arrival times are missing or malformed.
    package func forEachResult(
        in compound: Span<UInt8>, _ body: (_ sequenceNumber: UInt16, _ arrivalMicroseconds: Int64?) -> Void
    ) -> Bool {
        guard var deltaOffset = deltaOffset(in: compound) else { return false }
        var chunkOffset = range.lowerBound
        var sequenceNumber = baseSequenceNumber
        var arrival = Int64(referenceTime) * 64_000
        var remaining = statusCount
        while remaining > 0 {
            let chunk = PacketStatusChunk(rawValue: compound.uint16(at: chunkOffset))
            chunkOffset += 2
            let count = min(chunk.count, remaining)
            remaining -= count
            for index in 0..<count {
                switch chunk.status(index) {
                case .notReceived, nil:
                    body(sequenceNumber, nil)
                case .smallDelta:
                    arrival += Int64(compound[deltaOffset]) * 250
                    deltaOffset += 1
                    body(sequenceNumber, arrival)
                case .largeDelta:
                    arrival += Int64(Int16(bitPattern: compound.uint16(at: deltaOffset))) * 250
                    deltaOffset += 2
                    body(sequenceNumber, arrival)
                }
                sequenceNumber &+= 1
            }
        }
        return true
    }

    /// Where the arrival times begin, once it is sure that all chunks and all arrival times are there.
    private func deltaOffset(in compound: Span<UInt8>) -> Int? {
        guard range.upperBound <= compound.count else { return nil }
        var offset = range.lowerBound
        var remaining = statusCount
        var deltaLength = 0
        while remaining > 0 {
            guard offset + 2 <= range.upperBound else { return nil }
            let chunk = PacketStatusChunk(rawValue: compound.uint16(at: offset))
            offset += 2
            let count = min(chunk.count, remaining)
            remaining -= count
            if chunk.isRun {
                guard let status = chunk.status(0) else { return nil }
                deltaLength += count * status.deltaLength
            } else {
                for index in 0..<count {
                    guard let status = chunk.status(index) else { return nil }
                    deltaLength += status.deltaLength
                }
            }
        }
        return deltaLength <= range.upperBound - offset ? offset : nil
    }
}
