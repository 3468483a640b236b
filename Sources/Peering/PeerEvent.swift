package import DTLS

/// Why a peer's transport ended.
package enum CloseReason: Sendable, Equatable {
    /// The session was deleted over HTTP.
    case requested
    /// No connectivity check came within the time limit: the remote cannot reach the UDP port.
    case unreachable
    /// The remote reached us, but the handshake did not end within the time limit.
    case handshakeTimeout
    /// Nothing authentic was heard for the time of RFC 7675 section 5.1.
    case consentExpired
    /// The remote ended the DTLS association.
    case remoteClosed
    case handshakeFailed(DTLSFailure)
    /// OpenSSL or libsrtp could not be set up.
    case libraryFailure
    /// The node stops.
    case shutdown

    /// Snake case, for logs and metrics.
    package var label: String {
        switch self {
        case .requested: "requested"
        case .unreachable: "unreachable"
        case .handshakeTimeout: "handshake_timeout"
        case .consentExpired: "consent_expired"
        case .remoteClosed: "remote_closed"
        case .handshakeFailed(.fingerprintMismatch): "fingerprint_mismatch"
        case .handshakeFailed(.handshake): "handshake_failed"
        case .handshakeFailed(.noSRTPProfile): "no_srtp_profile"
        case .handshakeFailed(.alert): "handshake_alert"
        case .handshakeFailed(.timeout): "handshake_unanswered"
        case .libraryFailure: "library_failure"
        case .shutdown: "shutdown"
        }
    }
}

/// A change in the state of a peer that others must know of.
package enum PeerEvent: Sendable {
    /// Keys are there: media flows both ways.
    case connected(SRTPProfile)
    case closed(CloseReason)
}

extension CloseReason {
    /// The reasons of sessions that never connected.
    package static let failedHandshakes: [CloseReason] =
        [.unreachable, .handshakeTimeout] + DTLSFailure.allCases.map { .handshakeFailed($0) }

    /// What an operator can do about it, where there is something.
    package var advice: String? {
        switch self {
        case .unreachable:
            "No packet of the client reached the UDP port: check --advertise, the firewall and port forwarding."
        case .handshakeTimeout, .handshakeFailed(.timeout):
            "The client reached the node, but not the other way round: check the firewall's outgoing rules."
        case .handshakeFailed(.fingerprintMismatch):
            "The client's certificate is not the one of its offer: somebody may be in the middle."
        case .libraryFailure:
            "OpenSSL or libsrtp failed: check the machine's memory and the installed libraries."
        case .requested, .consentExpired, .remoteClosed, .shutdown, .handshakeFailed:
            nil
        }
    }
}
