import Wire

/// Makes RTP packets of a mix (RFC 7587).
package struct MixPacketizer: Sendable {
    private let payloadType: UInt8
    private let ssrc: UInt32
    private var sequenceNumber: UInt16 = 0

    /// All numbers begin at 0: every listener gets its own.
    package init(payloadType: UInt8, ssrc: UInt32) {
        self.payloadType = payloadType
        self.ssrc = ssrc
    }

    package mutating func packetize(_ packet: MixPacket) -> [UInt8] {
        defer { sequenceNumber &+= 1 }
        return [UInt8](capacity: 12 + packet.payload.count) { output in
            output.append(0x80)
            output.append(payloadType | (packet.endsPause ? 0x80 : 0))
            output.append(bigEndian: sequenceNumber)
            output.append(bigEndian: packet.timestamp)
            output.append(bigEndian: ssrc)
            for byte in packet.payload { output.append(byte) }
        }
    }
}
