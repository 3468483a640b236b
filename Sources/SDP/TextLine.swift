/// One line of a session description: `x=value`.
struct TextLine {
    /// From 1.
    let number: Int
    /// The letter before the equals sign, as ASCII.
    let type: UInt8
    let value: Substring

    /// More than any browser writes: 12 video and 3 audio slots with all codecs are 68 kB.
    static let maximumBytes = 262_144

    /// Splits `text` at LF or CRLF, keeping line numbers. Empty lines are passed over.
    static func lines(of text: String) throws(SDPError) -> [TextLine] {
        guard text.utf8.count <= maximumBytes else {
            throw .malformed(
                line: 0,
                reason: "The description has \(text.utf8.count) bytes; at most \(maximumBytes) are read."
            )
        }
        var lines: [TextLine] = []
        var number = 0
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = Substring(bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes)
            if line.isEmpty { continue }
            // RFC 8866 section 9: a byte string has no NUL, CR or LF; no attribute that we know has other
            // controls.
            guard line.utf8.allSatisfy({ ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }) else {
                throw .malformed(
                    line: number, reason: "The line has a control character; lines end with CRLF.")
            }
            let (type, value) = line.cut(at: UInt8(ascii: "="))
            guard let letter = type.utf8.first, type.utf8.count == 1, let value,
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter)
            else {
                throw .malformed(
                    line: number,
                    reason: "The line \(line.quoted) is not of the form x=value with one lower-case letter x."
                )
            }
            lines.append(TextLine(number: number, type: letter, value: value))
        }
        return lines
    }
}

// Everything in SDP is ASCII between separators, so text is cut by bytes: cutting by characters would make a
// combining mark after a space swallow the space, and costs several times as much.
extension Substring {
    /// The text before and after the first `byte`; all of it and nil when there is none.
    func cut(at byte: UInt8) -> (head: Substring, tail: Substring?) {
        guard let index = utf8.firstIndex(of: byte) else { return (self, nil) }
        return (self[..<index], self[utf8.index(after: index)...])
    }

    /// The non-empty parts between occurrences of `byte`.
    func fields(by byte: UInt8 = UInt8(ascii: " ")) -> [Substring] {
        utf8.split(separator: byte).map { Substring($0) }
    }

    /// The text without spaces at either end.
    var trimmed: Substring {
        var bytes = utf8
        while bytes.first == UInt8(ascii: " ") { bytes = bytes.dropFirst() }
        while bytes.last == UInt8(ascii: " ") { bytes = bytes.dropLast() }
        return Substring(bytes)
    }

    /// The number that the text is, if it is nothing but decimal digits and fits.
    func decimal<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) -> Integer? {
        guard !isEmpty, utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Integer(self)
    }

    /// Whether the text is a `token` of RFC 8866 section 9.
    var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7E: true
                default: false
                }
            }
    }

    /// The text as a reason quotes it: cut short, so that an answer is never as long as what it refuses.
    var quoted: String {
        let start = String(unicodeScalars.prefix(60))
        return start.utf8.count < utf8.count ? "\"\(start)...\"" : "\"\(start)\""
    }
}
