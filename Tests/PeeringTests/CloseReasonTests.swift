import DTLS
import Testing

@testable import Peering

@Suite struct CloseReasonTests {
    private static let all: [CloseReason] =
        [
            .requested, .unreachable, .handshakeTimeout, .consentExpired, .remoteClosed, .libraryFailure,
            .shutdown,
        ]
        + DTLSFailure.allCases.map { .handshakeFailed($0) }

    @Test func `labels are unique and in snake case`() {
        let labels = Self.all.map(\.label)
        #expect(Set(labels).count == labels.count)
        #expect(labels.allSatisfy { $0.allSatisfy { ("a"..."z").contains($0) || $0 == "_" } })
    }

    @Test func `an operator is told what to do where there is something to do`() {
        let advised = Self.all.filter { $0.advice != nil }
        #expect(
            advised == [
                .unreachable, .handshakeTimeout, .libraryFailure, .handshakeFailed(.fingerprintMismatch),
                .handshakeFailed(.timeout),
            ])
    }
}
