package import Wire

/// A source of packets like Opus at 20 ms: a table-of-contents byte and `SyntheticContent`.
package struct SyntheticAudio: Sendable {
    package struct Settings: Sendable {
        package var bitsPerSecond = 32_000
        /// What the audio level extension says, 0 loudest to 127 silent (RFC 6464).
        package var level: UInt8 = 30

        package init() {}
    }

    static let interval = Duration.milliseconds(20)
    /// CELT, full band, 20 ms, mono, one frame (RFC 6716 section 3.1).
    private static let tableOfContents: UInt8 = 0xF8
    static let contentOffset = 1

    private let source: UInt32
    private let bytes: Int
    package private(set) var packets: UInt32 = 0

    /// - Parameter source: names the stream in its content.
    package init(source: UInt32, settings: Settings) {
        self.source = source
        bytes = settings.bitsPerSecond / 8 / 50
    }

    /// The next packet's payload.
    package mutating func nextPacket(at now: Instant) -> [UInt8] {
        let content = SyntheticContent(
            source: source, number: packets, frame: packets, index: 0, count: 1, sentAt: now)
        packets &+= 1
        return content.payload(behind: [Self.tableOfContents], size: bytes)
    }
}
