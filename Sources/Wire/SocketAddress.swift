/// An IP address and a UDP port. IPv4 is kept as an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), the way a
/// dual-stack socket delivers it.
///
/// Of a remote it may say besides which of our own addresses it sends to: answers have to leave from that one, and two
/// such pairs are two paths.
package struct SocketAddress: Hashable, Sendable {
    /// The first and the last 64 bits of the IPv6 address.
    package let high: UInt64
    package let low: UInt64
    /// Host byte order.
    package let port: UInt16
    /// The interface of a link-local address (`sin6_scope_id`), else 0.
    package let scope: UInt32

    /// The own address that the remote sends to, both halves; 0 where that is not known or does not matter.
    package var localHigh: UInt64 = 0
    package var localLow: UInt64 = 0

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    package init(high: UInt64, low: UInt64, port: UInt16, scope: UInt32 = 0) {
        self.high = high
        self.low = low
        self.port = port
        self.scope = scope
    }

    /// An IPv4 address in host byte order: 127.0.0.1 is 0x7F00_0001.
    package init(ipv4: UInt32, port: UInt16) {
        self.init(high: 0, low: Self.mappedPrefix | UInt64(ipv4), port: port)
    }

    /// The IPv4 address in host byte order, if this is one.
    package var ipv4: UInt32? {
        guard high == 0, low >> 32 == 0xFFFF else { return nil }
        return UInt32(truncatingIfNeeded: low)
    }

    /// Whether the address is 0.0.0.0 or ::.
    package var isUnspecified: Bool {
        high == 0 && (low == 0 || low == Self.mappedPrefix)
    }

    /// Whether it is known which of our own addresses the remote sends to.
    package var hasLocal: Bool { localHigh != 0 || localLow != 0 }

    /// Whether packets to this address never leave the machine.
    package var isLoopback: Bool {
        if let ipv4 { return ipv4 >> 24 == 127 }
        return high == 0 && low == 1
    }

    /// Whether the address is from a range that is not routed on the Internet (RFC 1918, RFC 6598, RFC 3927, RFC 4193,
    /// RFC 4291 section 2.5.6).
    package var isPrivate: Bool {
        guard let ipv4 else {
            return high >> 57 == 0x7E || high >> 54 == 0x3FA
        }
        return ipv4 >> 24 == 10 || ipv4 >> 20 == 0xAC1 || ipv4 >> 16 == 0xC0A8
            || ipv4 >> 22 == 0x191 || ipv4 >> 16 == 0xA9FE
    }

    package func with(port: UInt16) -> SocketAddress {
        SocketAddress(high: high, low: low, port: port, scope: scope)
    }
}

// MARK: - Text

extension SocketAddress: CustomStringConvertible {
    /// `192.0.2.1:5000` or `[2001:db8::1]:5000`.
    package var description: String {
        ipv4 != nil ? "\(host):\(port)" : "[\(host)]:\(port)"
    }

    /// The address without the port; IPv6 in the form of RFC 5952.
    package var host: String {
        if let ipv4 {
            return [24, 16, 8, 0].map { String(ipv4 >> UInt32($0) & 0xFF) }.joined(separator: ".")
        }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16))
        }
        var longest = 0..<0
        var index = 0
        while index < 8 {
            let end = groups[index...].firstIndex { $0 != 0 } ?? 8
            if end - index > longest.count { longest = index..<end }
            index = max(end, index + 1)
        }
        let hexadecimal = groups.map { String($0, radix: 16) }
        guard longest.count > 1 else { return hexadecimal.joined(separator: ":") }
        return hexadecimal[..<longest.lowerBound].joined(separator: ":") + "::"
            + hexadecimal[longest.upperBound...].joined(separator: ":")
    }

    /// Parses an IPv4 address in dotted form or an IPv6 address in any form of RFC 4291 section 2.2 without a zone.
    package init?(host: some StringProtocol, port: UInt16) {
        if let ipv4 = Self.parseIPv4(host) {
            self.init(ipv4: ipv4, port: port)
            return
        }
        guard let (high, low) = Self.parseIPv6(host) else { return nil }
        self.init(high: high, low: low, port: port)
    }

    /// Parses `192.0.2.1:5000` or `[2001:db8::1]:5000`.
    package init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.init(host: host, port: port)
    }

    private static func parseIPv4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let byte = UInt8(part)
            else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }

    private static func parseIPv6(_ text: some StringProtocol) -> (high: UInt64, low: UInt64)? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2, let front = halves.first.flatMap({ parseGroups($0) }) else { return nil }
        var groups = front
        if halves.count == 2 {
            guard let back = parseGroups(halves[1]), front.count + back.count < 8 else { return nil }
            groups += Array(repeating: 0, count: 8 - front.count - back.count) + back
        }
        guard groups.count == 8 else { return nil }
        func join(_ half: ArraySlice<UInt16>) -> UInt64 { half.reduce(0) { $0 << 16 | UInt64($1) } }
        return (join(groups[..<4]), join(groups[4...]))
    }

    private static func parseGroups(_ text: some StringProtocol) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains("."), let ipv4 = parseIPv4(part) {
                groups += [UInt16(ipv4 >> 16), UInt16(truncatingIfNeeded: ipv4)]
                continue
            }
            guard (1...4).contains(part.utf8.count), let group = UInt16(part, radix: 16),
                part.utf8.first != 0x2B
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}
