package import STUN
package import Wire

/// The controlling side of ICE for the one pair of an endpoint and the relay (RFC 8445 section 7.2): every check
/// nominates. Answered checks are consent to send (RFC 7675).
package struct ControllingAgent: Sendable {
    /// What became of a STUN message.
    enum Reception: Sendable {
        /// The first valid answer to a check with the present credentials.
        case nominated
        case answered
        /// The relay refused a check; see `lastErrorCode`.
        case refused
        /// It answers no check of ours, or is not authentic.
        case ignored
    }

    /// RFC 7675 section 5.1 asks for 5 s at most.
    private static let consentInterval = Duration.milliseconds(2500)
    private static let firstRetry = Duration.milliseconds(100)
    private static let longestRetry = Duration.milliseconds(1600)
    package static let consentLimit = Duration.seconds(30)
    private static let outstandingLimit = 8
    /// Type preference host, one component (RFC 8445 section 5.1.2.1).
    private static let priority: UInt32 = 126 << 24 | 65535 << 8 | 255

    package private(set) var local: ICECredentials
    package private(set) var remote: ICECredentials?
    package private(set) var target: SocketAddress?
    /// Whether the pair was answered with the present credentials.
    package private(set) var isNominated = false
    /// Our address as the relay sees it.
    package private(set) var mappedAddress: SocketAddress?
    package private(set) var roundTrip: Duration?
    package private(set) var checksSent = 0
    package private(set) var answers = 0
    package private(set) var ignored = 0
    package private(set) var lastErrorCode: UInt16?
    private let tieBreaker: UInt64
    private var outstanding: [(transaction: TransactionID, sentAt: Instant)] = []
    private var retry = Self.firstRetry
    private var nextCheck: Instant?
    private var lastAnswer: Instant?

    init(local: ICECredentials, tieBreaker: UInt64) {
        self.local = local
        self.tieBreaker = tieBreaker
    }

    /// When a check is due or consent ends; nil before there is a remote.
    var deadline: Instant? {
        guard let lastAnswer else { return nextCheck }
        let expiry = lastAnswer + Self.consentLimit
        return min(nextCheck ?? expiry, expiry)
    }

    /// Begins to check, or begins anew with other credentials.
    mutating func start(remote new: ICECredentials, target: SocketAddress, at now: Instant) {
        remote = new
        self.target = target
        isNominated = false
        outstanding = []
        retry = Self.firstRetry
        nextCheck = now
        lastAnswer = lastAnswer ?? now
    }

    /// Takes the credentials that the next `start` goes with.
    mutating func restart(local new: ICECredentials) {
        local = new
        remote = nil
        nextCheck = nil
    }

    /// Checks the path at once, as a browser does when its network changes.
    mutating func check(at now: Instant) {
        guard remote != nil else { return }
        retry = Self.firstRetry
        nextCheck = now
    }

    /// Whether no check was answered for the time of RFC 7675 section 5.1.
    func hasLostConsent(at now: Instant) -> Bool {
        lastAnswer.map { now >= $0 + Self.consentLimit } ?? false
    }

    /// Sends a check that is due.
    mutating func advance(
        to now: Instant, slot: Int?, using generator: inout some RandomNumberGenerator,
        into outbox: inout Outbox
    ) {
        guard let remote, let target, let due = nextCheck, due <= now else { return }
        let transaction = TransactionID(using: &generator)
        if outstanding.count == Self.outstandingLimit { outstanding.removeFirst() }
        outstanding.append((transaction, now))
        let key = Array(remote.password.utf8)
        let username = "\(remote.ufrag):\(local.ufrag)"
        let tieBreaker = tieBreaker
        outbox.append(to: target, peer: slot, capacity: STUNWriter.maximumLength) { output in
            STUNWriter.bindingRequest(
                transaction: transaction, username: username, password: key.span, priority: Self.priority,
                tieBreaker: tieBreaker, isControlling: true, useCandidate: true, into: &output)
            return true
        }
        checksSent += 1
        nextCheck = now + retry
        retry = min(retry * 2, Self.longestRetry)
    }

    /// Takes a STUN message.
    mutating func receive(
        _ message: STUNMessage, in datagram: Span<UInt8>, from source: SocketAddress, at now: Instant
    ) -> Reception {
        guard source == target, let remote,
            let index = outstanding.firstIndex(where: { $0.transaction == message.transactionID })
        else {
            ignored += 1
            return .ignored
        }
        switch message.messageClass {
        case .request, .indication:
            ignored += 1
            return .ignored
        case .error:
            lastErrorCode = message.errorCode
            outstanding.remove(at: index)
            return .refused
        case .success:
            let key = Array(remote.password.utf8)
            guard message.isAuthentic(datagram, password: key.span) else {
                ignored += 1
                return .ignored
            }
            answers += 1
            roundTrip = now - outstanding[index].sentAt
            mappedAddress = message.xorMappedAddress
            outstanding = []
            lastAnswer = now
            retry = Self.firstRetry
            nextCheck = now + Self.consentInterval
            defer { isNominated = true }
            return isNominated ? .answered : .nominated
        }
    }
}
