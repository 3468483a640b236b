/// The way to one session's remote, as it is at the moment: which profile it is served, and what goes over its wire.
package struct SessionLink: Sendable, Equatable {
    /// All that has gone one way, with IP and UDP headers, STUN and DTLS.
    package struct Direction: Sendable, Equatable {
        package let bytes: UInt64
        package let datagrams: UInt64
        /// The mean of the last five seconds,
        package let bitsPerSecond: Int
        /// and the highest such mean since the session began.
        package let peakBitsPerSecond: Int

        package init(bytes: UInt64, datagrams: UInt64, bitsPerSecond: Int, peakBitsPerSecond: Int) {
            self.bytes = bytes
            self.datagrams = datagrams
            self.bitsPerSecond = bitsPerSecond
            self.peakBitsPerSecond = peakBitsPerSecond
        }
    }

    package let profile: LinkProfile
    /// What the link carries, all headers included; nil while unknown, and where nothing is sent that could be chosen.
    package let bitsPerSecond: Int?
    /// From a report to the remote's answer; nil before the first.
    package let roundTrip: Duration?
    /// As the node sees it.
    package let sent: Direction
    package let received: Direction

    package init(
        profile: LinkProfile, bitsPerSecond: Int?, roundTrip: Duration?, sent: Direction, received: Direction
    ) {
        self.profile = profile
        self.bitsPerSecond = bitsPerSecond
        self.roundTrip = roundTrip
        self.sent = sent
        self.received = received
    }
}
