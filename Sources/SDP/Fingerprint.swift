/// The hash of a certificate, as `a=fingerprint` carries it (RFC 8122 section 5).
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// The name of the hash function in lower case: `sha-256`.
    package let algorithm: String
    package let bytes: [UInt8]

    /// `algorithm` in lower case; `bytes` as long as that function makes them.
    package init(algorithm: String, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// Parses `sha-256 AA:BB:...`; digits of either case. Fails as well when the length does not fit the
    /// function.
    package init?(parsing text: some StringProtocol) {
        let fields = Substring(text).fields()
        guard fields.count == 2, fields[0].isToken else { return nil }
        let algorithm = fields[0].lowercased()
        guard fields[1].utf8.count % 3 == 2, fields[1].utf8.count <= 3 * 64 - 1 else { return nil }
        var bytes: [UInt8] = []
        for pair in fields[1].utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            guard pair.count == 2, let high = pair.first.flatMap(Self.digit),
                let low = pair.last.flatMap(Self.digit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        if let length = Self.length(of: algorithm), length != bytes.count { return nil }
        self.init(algorithm: algorithm, bytes: bytes)
    }

    /// `sha-256 AA:BB:...`, the way the attribute is written.
    package var description: String {
        let pairs = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
        return "\(algorithm) \(pairs.joined(separator: ":"))"
    }

    private static func length(of algorithm: String) -> Int? {
        switch algorithm {
        case "sha-1": 20
        case "sha-224": 28
        case "sha-256": 32
        case "sha-384": 48
        case "sha-512": 64
        default: nil
        }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
