import STUN
import Wire

// Checks of the other end.
extension Endpoint {
    /// Answers a check, as a full agent has to (RFC 8445 section 7.3.1): an ICE-lite server sends none, but Janus' ICE
    /// library checks the path back even when it is lite.
    mutating func answer(
        _ check: STUNMessage, in datagram: Span<UInt8>, from source: SocketAddress, into outbox: inout Outbox
    ) {
        let key = Array(ice.local.password.utf8)
        guard check.isAuthentic(datagram, password: key.span) else {
            counters.unauthentic += 1
            return
        }
        let transaction = check.transactionID
        let isSent = outbox.append(to: source, peer: settings.slot, capacity: STUNWriter.maximumLength) {
            output in
            STUNWriter.bindingSuccess(
                transaction: transaction, mappedAddress: source, password: key.span, into: &output)
            return true
        }
        if !isSent { counters.unsent += 1 }
    }
}
