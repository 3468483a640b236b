import RTP
import SDP
import Wire

@testable import Forwarding

extension Munger {
    /// Begins with a source without picture identifiers.
    mutating func begin(
        _ source: SourceReference, sequenceNumber: UInt16, timestamp: UInt32, clockRate: UInt32,
        at now: Instant
    ) {
        begin(
            source, sequenceNumber: sequenceNumber, timestamp: timestamp, PacketDescription(),
            clockRate: clockRate, at: now)
    }

    /// Takes a packet in; nil for one that has no place.
    mutating func rewrite(
        sequenceNumber: UInt16, timestamp: UInt32, _ packet: PacketDescription = PacketDescription(),
        at now: Instant
    ) -> Numbers? {
        switch place(of: sequenceNumber) {
        case .outside, .leftOut:
            return nil
        case .newest(let position):
            admit(
                position, packet, timestamp: timestamp, isMarked: false, gapIsOmitted: false,
                picturesAreOmitted: false, at: now)
            return numbers(of: position, packet, timestamp: timestamp)?.numbers
        case .late(let position):
            return numbers(of: position, packet, timestamp: timestamp)?.numbers
        }
    }

    /// Leaves out the newest packet.
    mutating func omit(_ sequenceNumber: UInt16, _ packet: PacketDescription = PacketDescription()) {
        guard case .newest(let position) = place(of: sequenceNumber) else { return }
        omit(position, packet, gapIsOmitted: false, picturesAreOmitted: false)
    }
}

extension DownTrack {
    /// Sends a packet again in whose payload nothing changes.
    mutating func retransmit(
        _ header: RTPHeader, from arriving: [NegotiatedCodec] = [], as outgoing: UInt16,
        of origin: Munger.Origin, at now: Instant
    ) -> Decision {
        let payload: [UInt8] = []
        return retransmit(
            header, payload: payload.span, codec: nil, from: arriving, as: outgoing, of: origin, at: now)
    }
}
