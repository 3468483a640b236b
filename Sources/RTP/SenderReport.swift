/// The sender information of an RTCP sender report (RFC 3550 section 6.4.1).
package struct SenderReport: Hashable, Sendable {
    package var ssrc: UInt32
    /// 32.32 seconds since 1900, see `NTPTime`.
    package var ntpTimestamp: UInt64
    /// The same moment on the clock of the RTP timestamps.
    package var rtpTimestamp: UInt32
    package var packetCount: UInt32
    /// Payload bytes, without headers and padding.
    package var octetCount: UInt32

    package init(
        ssrc: UInt32, ntpTimestamp: UInt64, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32
    ) {
        self.ssrc = ssrc
        self.ntpTimestamp = ntpTimestamp
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
    }
}
