import Congestion
import Impairment
import Wire

/// What the model's datagrams hold: everything else about them is filling.
struct ModelPacket {
    static let headerLength = 15

    var kind: PacketKind
    var transportNumber: UInt16
    /// Of the video stream; repairs repeat it.
    var number: UInt32
    var sentAt: Instant

    func datagram(size: Int, flow: UInt16) -> Datagram {
        var bytes = [UInt8](repeating: 0, count: max(size, Self.headerLength))
        bytes[0] = kind.rawValue
        for index in 0..<2 { bytes[1 + index] = UInt8(truncatingIfNeeded: transportNumber >> (8 * index)) }
        for index in 0..<4 { bytes[3 + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        for index in 0..<8 {
            bytes[7 + index] = UInt8(truncatingIfNeeded: sentAt.nanoseconds >> (8 * Int64(index)))
        }
        return Datagram(
            source: SocketAddress(ipv4: 1, port: flow), destination: SocketAddress(ipv4: 2, port: flow),
            bytes: bytes)
    }

    init(kind: PacketKind, transportNumber: UInt16, number: UInt32, sentAt: Instant) {
        self.kind = kind
        self.transportNumber = transportNumber
        self.number = number
        self.sentAt = sentAt
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.headerLength, let kind = PacketKind(rawValue: bytes[0]) else { return nil }
        self.kind = kind
        transportNumber = UInt16(bytes[1]) | UInt16(bytes[2]) << 8
        number = (0..<4).reduce(0) { $0 | UInt32(bytes[3 + $1]) << (8 * UInt32($1)) }
        sentAt = Instant(
            nanoseconds: (0..<8).reduce(0) { $0 | Int64(bytes[7 + $1]) << (8 * Int64($1)) })
    }
}
