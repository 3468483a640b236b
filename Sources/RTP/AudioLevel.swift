/// How loud the sound of a packet is, as its sender tells without anyone decoding it (RFC 6464 section 3).
///
///     |V| level       |
package struct AudioLevel: Hashable, Sendable {
    /// Whether the sender believes that somebody speaks.
    package var hasVoice: Bool
    /// In -dBov: 0 is the loudest, 127 silence.
    package var level: UInt8

    package init(byte: UInt8) {
        hasVoice = byte & 0x80 != 0
        level = byte & 0x7F
    }

    /// Reads the data of a header extension element at `data`; `nil` if it is empty. Bytes beyond the first
    /// are padding of the two-byte form.
    package init?(parsing packet: Span<UInt8>, at data: Range<Int>) {
        guard !data.isEmpty, data.upperBound <= packet.count else { return nil }
        self.init(byte: packet[data.lowerBound])
    }
}
