package import RTP
package import Wire

/// One packet of a voice, as it came.
package struct VoicePacket: Sendable {
    package let sequenceNumber: UInt16
    /// Of 48 kHz.
    package let timestamp: UInt32
    /// Opus.
    package let payload: [UInt8]
    /// What its sender says of its loudness, 0 loudest to 127 silent (RFC 6464); nil if it says nothing.
    package let level: UInt8?
    package let arrival: Instant

    package init(
        sequenceNumber: UInt16, timestamp: UInt32, payload: [UInt8], level: UInt8?, arrival: Instant
    ) {
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.payload = payload
        self.level = level
        self.arrival = arrival
    }

    package init(_ packet: Span<UInt8>, _ header: RTPHeader, level: UInt8?, at now: Instant) {
        self.init(
            sequenceNumber: header.sequenceNumber, timestamp: header.timestamp,
            payload: [UInt8](capacity: header.payload.count) { output in
                for index in header.payload { output.append(packet[index]) }
            }, level: level, arrival: now)
    }
}
