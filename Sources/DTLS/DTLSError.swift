/// Why DTLS cannot be set up on this machine: never the remote's doing.
package enum DTLSError: Error, Equatable {
    /// OpenSSL failed to make what is named.
    case library(String)
}

/// Why a handshake ended without keys.
package enum DTLSFailure: String, Error, CaseIterable, Sendable {
    /// The remote's certificate is not the one whose fingerprint stands in its SDP.
    case fingerprintMismatch
    /// No certificate, no common version, cipher suite or curve, or a broken message.
    case handshake
    /// The remote offers no SRTP profile that we have.
    case noSRTPProfile
    /// The remote sent a fatal alert.
    case alert
    /// No answer to any of the retransmissions.
    case timeout
}
