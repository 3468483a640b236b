package import Wire

/// What has gone over the wire between this node and one remote, nothing left out: STUN, DTLS, SRTP and SRTCP, each datagram
/// with its IP and UDP headers. Link layers add their own, which nobody here can know.
package struct WireTraffic: Sendable, Equatable {
    package struct Direction: Sendable, Equatable {
        package private(set) var datagrams: UInt64 = 0
        package private(set) var bytes: UInt64 = 0

        package init() {}

        mutating func add(_ length: Int, headerBytes: Int) {
            datagrams &+= 1
            bytes &+= UInt64(length + headerBytes)
        }
    }

    /// As this node sees it.
    package private(set) var sent = Direction()
    package private(set) var received = Direction()

    package init() {}

    /// The bytes of IP and UDP headers in front of a datagram (RFC 791, RFC 8200, RFC 768), without options.
    package static func headerBytes(of remote: SocketAddress) -> Int {
        remote.ipv4 != nil ? 20 + 8 : 40 + 8
    }

    mutating func noteSent(_ length: Int, to remote: SocketAddress) {
        sent.add(length, headerBytes: Self.headerBytes(of: remote))
    }

    mutating func noteReceived(_ length: Int, from remote: SocketAddress) {
        received.add(length, headerBytes: Self.headerBytes(of: remote))
    }

    /// Takes note of what was appended to an outbox since it had `first` entries.
    mutating func noteSent(in outbox: borrowing Outbox, from first: Int) {
        for index in first..<max(first, outbox.entries.count) {
            noteSent(outbox.entries[index].length, to: outbox.entries[index].address)
        }
    }
}
