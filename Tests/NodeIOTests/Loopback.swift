import CLinux
import Glibc
import STUN
import Wire

@testable import NodeIO

/// How long a test waits for a datagram that is on its way, milliseconds: long, as a busy machine may be slow.
private let patience: Int32 = 10_000

/// Whether a socket has something to read before the test gives up.
func isReadable(_ descriptor: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&request, 1, patience) == 1
}

/// Returns when one of the sockets has something to read, or when the time has come.
func waitUntilReadable(_ descriptors: [Int32], until deadline: Instant?) {
    var requests = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let rest = deadline.map { max($0 - MonotonicClock.now(), .zero) }
    // Rounded up: a poll that is over too early would be followed by another at once.
    let milliseconds = rest.map { Int32(truncatingIfNeeded: $0.nanoseconds / 1_000_000 + 1) } ?? patience
    _ = unsafe poll(&requests, nfds_t(requests.count), min(milliseconds, patience))
}

/// Reads until `count` datagrams have come, or none comes any more.
func receive(
    _ count: Int, from descriptor: Int32, with inbox: inout Inbox
) -> [(bytes: [UInt8], source: SocketAddress)] {
    var all: [(bytes: [UInt8], source: SocketAddress)] = []
    while all.count < count, isReadable(descriptor) {
        _ = inbox.receive(from: descriptor) { datagram, source in
            let span = datagram.span
            all.append(([UInt8](capacity: span.count) { $0.append(copying: span, 0..<span.count) }, source))
        }
    }
    return all
}

/// Appends datagrams of one peer.
func append(_ datagrams: [[UInt8]], to address: SocketAddress, peer: Int?, into outbox: inout Outbox) {
    for bytes in datagrams {
        outbox.append(to: address, peer: peer, capacity: bytes.count) { output in
            for byte in bytes { output.append(byte) }
            return true
        }
    }
}

/// Datagrams that differ in every byte position.
func datagrams(_ lengths: [Int]) -> [[UInt8]] {
    lengths.enumerated().map { number, length in
        (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }
    }
}

extension SocketAddress {
    static func loopback(port: UInt16) -> SocketAddress {
        SocketAddress(ipv4: 0x7F00_0001, port: port)
    }

    static func loopback6(port: UInt16) -> SocketAddress {
        SocketAddress(high: 0, low: 1, port: port)
    }
}

/// Whether this machine has IPv6 on its loopback interface.
let hasIPv6 = (try? UDPSocket(address: .loopback6(port: 0), port: 0)) != nil

/// An offer to receive sound.
let offer = """
    v=0\r
    o=- 1 2 IN IP4 127.0.0.1\r
    s=-\r
    t=0 0\r
    a=group:BUNDLE a\r
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r
    c=IN IP4 0.0.0.0\r
    a=ice-ufrag:abcd\r
    a=ice-pwd:0123456789abcdefghijkl\r
    a=fingerprint:sha-256 \(Array(repeating: "AB", count: 32).joined(separator: ":"))\r
    a=setup:actpass\r
    a=mid:a\r
    a=recvonly\r
    a=rtcp-mux\r
    a=rtpmap:111 opus/48000/2\r

    """

/// What an answer says in the first line that begins with `prefix`.
func value(_ prefix: String, in text: String) -> String? {
    text.split(separator: "\r\n").first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
}

/// A connectivity check with the credentials of an answer.
func check(_ answer: String) -> [UInt8] {
    let key = Array((value("a=ice-pwd:", in: answer) ?? "").utf8)
    let keySpan = key.span
    let username = "\(value("a=ice-ufrag:", in: answer) ?? ""):abcd"
    return [UInt8](capacity: STUNWriter.maximumLength) { (output: inout OutputSpan<UInt8>) in
        STUNWriter.bindingRequest(
            transaction: TransactionID(high: 1, low: 2), username: username, password: keySpan, priority: 1,
            tieBreaker: 1, isControlling: true, useCandidate: true, into: &output)
    }
}

/// Sends one datagram to a port of this machine and returns the first answer.
func ask(_ bytes: [UInt8], port: UInt16) throws -> [UInt8]? {
    var socket = try UDPSocket(address: .loopback(port: 0), port: 0)
    var outbox = Outbox(bytes: 1 << 16, entryLimit: 8)
    var inbox = Inbox()
    append([bytes], to: .loopback(port: port), peer: nil, into: &outbox)
    guard socket.flush(&outbox) == 0 else { return nil }
    return receive(1, from: socket.descriptor, with: &inbox).first?.bytes
}
