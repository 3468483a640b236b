package import STUN
package import Wire

/// The ICE-lite side of one peer (RFC 8445 section 2.5): it answers connectivity checks and takes the pair that the
/// remote nominates. One component, host candidates only, always controlled.
package struct ICELiteAgent: Sendable {
    /// What a check brought about.
    package enum CheckResult: Sendable, Equatable {
        /// The remote proved that it receives at this address; `isSelected` if it is now the one to send to.
        /// `forgotten` is an address that gave way to it.
        case authentic(isSelected: Bool, forgotten: SocketAddress?)
        case dropped(DropReason)
    }

    /// The credentials that the current answer announces.
    package private(set) var local: ICECredentials
    /// Those before an ICE restart; checks with them are answered until the remote nominates with the new ones
    /// (RFC 8445 section 2.4).
    package private(set) var previous: ICECredentials?
    package private(set) var remoteUfrag: String
    /// Where to send: the pair nominated last, so a phone that moves to another network stays in its session.
    package private(set) var selected: SocketAddress?
    /// The addresses that passed a check since the last nomination change, oldest first.
    package private(set) var authenticated: [SocketAddress] = []

    private static let addressLimit = 8

    package init(local: ICECredentials, remoteUfrag: String) {
        self.local = local
        self.remoteUfrag = remoteUfrag
    }

    /// The place of an agent where the remote's address is agreed on otherwise, or where there is no remote: it has no
    /// credentials, so that no check can pass.
    init(fixed address: SocketAddress?) {
        local = ICECredentials(ufrag: "", password: "")
        remoteUfrag = ""
        selected = address
        authenticated = address.map { [$0] } ?? []
    }

    /// Answers one STUN message from `source`.
    ///
    /// - Parameter peer: the slot number, so that answers are batched with the peer's other datagrams.
    package mutating func receive(
        _ message: STUNMessage, in datagram: Span<UInt8>, from source: SocketAddress, peer: Int,
        into outbox: inout Outbox
    ) -> CheckResult {
        guard message.messageClass == .request, message.method == STUNMessage.binding else {
            return .dropped(.unexpectedSTUN)
        }
        guard message.messageIntegrity != nil, let credentials = credentials(of: message, in: datagram) else {
            respond(message, code: 400, reason: "Bad Request", key: nil, to: source, peer, into: &outbox)
            return .dropped(.unauthenticSTUN)
        }
        let key = Array(credentials.password.utf8)
        guard message.isAuthentic(datagram, password: key.span) else {
            respond(message, code: 401, reason: "Unauthenticated", key: nil, to: source, peer, into: &outbox)
            return .dropped(.unauthenticSTUN)
        }
        guard message.unknownRequired.isEmpty else {
            respond(
                message, code: 420, reason: "Unknown Attribute", key: key, to: source, peer, into: &outbox)
            return .dropped(.unexpectedSTUN)
        }
        // RFC 8445 section 7.3.1.1: a lite agent cannot take the controlling role.
        guard message.iceControlled == nil else {
            respond(message, code: 487, reason: "Role Conflict", key: key, to: source, peer, into: &outbox)
            return .dropped(.unexpectedSTUN)
        }
        outbox.append(to: source, peer: peer, capacity: STUNWriter.maximumLength) { output in
            STUNWriter.bindingSuccess(
                transaction: message.transactionID, mappedAddress: source, password: key.span, into: &output)
            return true
        }
        let forgotten = remember(source)
        if message.useCandidate {
            selected = source
            if credentials == local { previous = nil }
        }
        return .authentic(isSelected: selected == source, forgotten: forgotten)
    }

    /// Takes new credentials of both sides (RFC 8445 section 9); media goes on over the selected pair meanwhile.
    package mutating func restart(local new: ICECredentials, remoteUfrag: String) {
        previous = local
        local = new
        self.remoteUfrag = remoteUfrag
    }

    /// Whether `address` passed a check, so that DTLS is taken from it before anything is nominated.
    package func isAuthenticated(_ address: SocketAddress) -> Bool {
        authenticated.contains(address)
    }

    // MARK: - Private

    private func credentials(of message: STUNMessage, in datagram: Span<UInt8>) -> ICECredentials? {
        guard let parts = message.usernameParts(in: datagram) else { return nil }
        for candidate in [local, previous] {
            if let candidate, parts.local.count == candidate.ufrag.utf8.count,
                zip(parts.local, candidate.ufrag.utf8).allSatisfy({ datagram[$0] == $1 })
            {
                return candidate
            }
        }
        return nil
    }

    /// Adds an address to those that passed a check, and returns the one that gave way to it.
    private mutating func remember(_ source: SocketAddress) -> SocketAddress? {
        guard !authenticated.contains(source) else { return nil }
        defer { authenticated.append(source) }
        guard authenticated.count == Self.addressLimit,
            let oldest = authenticated.firstIndex(where: { $0 != selected })
        else { return nil }
        return authenticated.remove(at: oldest)
    }

    private func respond(
        _ message: STUNMessage, code: UInt16, reason: String, key: [UInt8]?, to source: SocketAddress,
        _ peer: Int,
        into outbox: inout Outbox
    ) {
        outbox.append(to: source, peer: peer, capacity: STUNWriter.maximumLength) { output in
            STUNWriter.bindingError(
                transaction: message.transactionID, code: code, reason: reason,
                unknownAttributes: message.unknownRequired, password: key?.span, into: &output)
            return true
        }
    }
}
