import STUN
import Wire

@testable import Peering

/// The credentials of the side under test.
let local = ICECredentials(ufrag: "localfrg", password: "local-password-0123456789")
/// Those after an ICE restart.
let renewed = ICECredentials(ufrag: "renewfrg", password: "renew-password-0123456789")
/// Where the remote usually is.
let remoteAddress = SocketAddress(ipv4: 0xC000_0201, port: 5000)

/// A connectivity check of the remote.
func check(
    _ credentials: ICECredentials = local, transaction: UInt64 = 1, username: String? = nil,
    password: String? = nil,
    isControlling: Bool = true, useCandidate: Bool = false
) -> [UInt8] {
    let key = Array((password ?? credentials.password).utf8)
    let keySpan = key.span
    return [UInt8](capacity: STUNWriter.maximumLength) { (output: inout OutputSpan<UInt8>) in
        STUNWriter.bindingRequest(
            transaction: TransactionID(high: 0, low: transaction),
            username: username ?? "\(credentials.ufrag):remote", password: keySpan, priority: 1,
            tieBreaker: 7,
            isControlling: isControlling, useCandidate: useCandidate, into: &output)
    }
}

/// A check with an attribute that nobody knows but everybody must, 0x7FFF.
func checkWithUnknownAttribute() -> [UInt8] {
    let username = Array("\(local.ufrag):remote!".utf8)
    // USERNAME is 16 bytes long and needs no padding.
    let attributes = [0, 6, 0, UInt8(username.count)] + username + [0x7F, 0xFF, 0, 0]
    return MessageSeal.sealed(Array(check()[..<20]) + attributes, password: local.password)
}

/// The messages in the outbox with where they go.
func messages(_ outbox: borrowing Outbox) -> [(address: SocketAddress, bytes: [UInt8])] {
    var all: [(SocketAddress, [UInt8])] = []
    outbox.forEachDatagram { address, bytes in all.append((address, copy(bytes))) }
    return all
}

/// Takes all datagrams out of an outbox.
func drain(_ outbox: inout Outbox) -> [[UInt8]] {
    let all = messages(outbox).map(\.bytes)
    outbox.removeAll()
    return all
}

/// A copy of what a span holds.
func copy(_ span: Span<UInt8>) -> [UInt8] {
    [UInt8](capacity: span.count) { $0.append(copying: span, 0..<span.count) }
}

/// The message that fills `bytes`.
func parsed(_ bytes: [UInt8]) throws -> STUNMessage {
    try STUNMessage(parsing: bytes.span)
}

/// Whether a message was made with a password.
func isAuthentic(_ bytes: [UInt8], _ password: String) throws -> Bool {
    let key = Array(password.utf8)
    let keySpan = key.span
    return try parsed(bytes).isAuthentic(bytes.span, password: keySpan)
}

extension Instant {
    /// So many milliseconds after the beginning of the test.
    static func milliseconds(_ count: Int64) -> Instant {
        Instant(nanoseconds: count * 1_000_000)
    }
}
