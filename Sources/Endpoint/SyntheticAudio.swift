package import Wire

/// A source of Opus packets of silence, of 20 ms unless asked otherwise, with `SyntheticContent` in their padding: whoever
/// decodes them hears nothing, or a tone while somebody speaks.
///
///     | table of contents | frame count | padding length | frame | padding ... |   RFC 6716 section 3.2.5
package struct SyntheticAudio: Sendable {
    package struct Settings: Sendable {
        /// Packets are of 33 to 259 bytes.
        package var bitsPerSecond = 32_000
        /// 20, 40 or 60.
        package var packetMilliseconds = 20
        /// For how long somebody speaks and then pauses, in which nothing is sent; nil: without a pause.
        package var talk: (speech: Duration, pause: Duration)?
        /// What the audio level extension says, 0 loudest to 127 silent (RFC 6464).
        package var level: UInt8 = 30
        /// What is sent in place of silence, again and again: Opus packets of 20 ms; an empty one is a pause.
        package var packets: [[UInt8]] = []
        /// What is heard while somebody speaks, again and again: Opus packets with one frame of 20 ms (`Tone`). In between there is
        /// next to nothing then, as from browsers (discontinuous transmission).
        package var tone: [[UInt8]] = []

        package init() {}
    }

    /// By how long a packet is: CELT, full band, of 20 ms; SILK, wide band, of 40 or 60 ms; mono, a count of frames follows
    /// (RFC 6716 section 3.1).
    private static let tablesOfContents: [Int: UInt8] = [20: 0xFB, 40: 0x53, 60: 0x5B]
    /// One frame; there is padding.
    private static let frameCount: UInt8 = 0x41
    /// A frame that says that it is silent (RFC 6716 section 4.3).
    private static let silence: [UInt8] = [0xFF, 0xFE]
    static let contentOffset = 5
    /// What one byte of padding length can say.
    private static let longestPadding = 254
    /// Packets of silence in a row before there are pauses, and of how many one is sent from then on: libopus' own numbers.
    private static let silentLead = 10
    private static let silentInterval = 20

    private let source: UInt32
    private let padding: Int
    private let recorded: [[UInt8]]
    private let tone: [[UInt8]]
    /// Since somebody spoke last, sent or not.
    private var silentPackets = 0
    private let tableOfContents: UInt8
    private let talk: (speech: Duration, pause: Duration)?
    private var speaksSince: Instant?
    package private(set) var packets: UInt32 = 0

    /// - Parameter source: names the stream in its content.
    package init(source: UInt32, settings: Settings) {
        self.source = source
        recorded = settings.packets
        tone = settings.tone
        tableOfContents = Self.tablesOfContents[settings.packetMilliseconds] ?? 0xFB
        talk = settings.talk
        padding = min(
            max(
                settings.bitsPerSecond / 8 * settings.packetMilliseconds / 1000 - Self.contentOffset,
                SyntheticContent.headerLength),
            Self.longestPadding)
    }

    /// Where in a packet its content begins: behind the frame.
    static func contentOffset(in packet: Span<UInt8>) -> Int {
        guard packet.count > 2, packet[0] & 3 == 3, packet[1] == frameCount else { return contentOffset }
        return max(packet.count - Int(packet[2]), 3)
    }

    /// The next packet's payload; nil in a pause.
    ///
    /// - Parameter isSpeaking: whether a tone is heard, if there is one.
    package mutating func nextPacket(at now: Instant, isSpeaking: Bool = false) -> [UInt8]? {
        if !recorded.isEmpty {
            defer { packets &+= 1 }
            let packet = recorded[Int(packets) % recorded.count]
            return packet.isEmpty ? nil : packet
        }
        if let talk {
            let since = speaksSince ?? now
            speaksSince = since + talk.speech + talk.pause <= now ? now : since
            guard now < (speaksSince ?? now) + talk.speech else { return nil }
        }
        if !tone.isEmpty, isSpeaking {
            silentPackets = 0
            return speech(at: now)
        }
        defer { silentPackets += 1 }
        if !tone.isEmpty, silentPackets >= Self.silentLead, silentPackets % Self.silentInterval != 0 {
            return nil
        }
        let content = nextContent(at: now)
        let header = [tableOfContents, Self.frameCount, UInt8(padding)] + Self.silence
        return content.payload(behind: header, size: Self.contentOffset + padding)
    }

    /// A packet of the tone, with content behind its frame.
    private mutating func speech(at now: Instant) -> [UInt8]? {
        let packet = tone[Int(packets) % tone.count]
        let content = nextContent(at: now)
        guard let first = packet.first else { return nil }
        let frame = packet.dropFirst()
        let room = min(
            max(Self.contentOffset + padding - 3 - frame.count, SyntheticContent.headerLength),
            Self.longestPadding)
        // The count of frames says what the table of contents did.
        return content.payload(
            behind: [first | 3, Self.frameCount, UInt8(room)] + frame, size: 3 + frame.count + room)
    }

    private mutating func nextContent(at now: Instant) -> SyntheticContent {
        defer { packets &+= 1 }
        return SyntheticContent(
            source: source, number: packets, frame: packets, index: 0, count: 1, sentAt: now)
    }
}
