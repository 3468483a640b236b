/// A bit rate in a query: `750000`, `750k` or `1.5M`, also with `bit/s` or `bps` behind it.
enum BitrateText {
    /// What a watcher can be limited to: from next to nothing to what no watcher needs.
    static let range = 30_000...100_000_000
    static let expected = "bits per second from 30000 to 100000000, such as 750000, 750k or 1.5M"

    /// Bits per second; nil for everything else.
    static func parse(_ text: some StringProtocol) -> Int? {
        var number = text[...]
        for suffix in ["bit/s", "bps", "bit"] where number.lowercased().hasSuffix(suffix) {
            number = number.dropLast(suffix.count)
            break
        }
        let factor: Double
        switch number.last {
        case "k", "K": factor = 1e3
        case "m", "M": factor = 1e6
        default: factor = 1
        }
        if factor > 1 { number = number.dropLast() }
        // What `Double` takes besides, such as signs, exponents and "inf", is no bit rate.
        guard number.utf8.count <= 12, number.utf8.first != UInt8(ascii: "."),
            number.utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
            }), let value = Double(String(number)), range.contains(Int(value * factor))
        else { return nil }
        return Int(value * factor)
    }
}
