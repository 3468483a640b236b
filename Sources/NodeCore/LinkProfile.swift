package import Wire

/// What a session is served: all that its slots and its link take, or what a link of 3G carries.
///
///     full --too little for the smallest layer and the voices, for 3 s--> weak --room for them again, for a time--> full
///
/// That time is 5 s at first. Who had to come back within half a minute waits twice as long, up to a minute: the link is a
/// little too narrow, and trying costs a break. Whoever may choose ends all that: the room's controller by what it grants, else the
/// client by its wish (`rule`).
package struct LinkProfile: Sendable, Equatable {
    /// What a client or its room's controller asked for.
    package enum Wish: String, Sendable, CaseIterable {
        /// The node decides by the link's estimate.
        case automatic = "auto"
        /// One picture of a lane and one mixed voice, whatever the link carries.
        case weak = "3g"
        /// Never that: slots that do not fit are paused.
        case full
    }

    /// Why the present profile holds.
    package enum Reason: String, Sendable {
        /// Nothing speaks against serving all.
        case link
        /// Asked for by the client.
        case asked
        /// Granted by the room's controller.
        case granted
        /// The smallest layer and the voices take more than the link carries.
        case estimate
    }

    /// What is served, and why.
    package struct Kind: Hashable, Sendable {
        package let isWeak: Bool
        package let reason: Reason

        /// All that there are.
        package static let all = [
            Kind(isWeak: false, reason: .link), Kind(isWeak: false, reason: .asked),
            Kind(isWeak: false, reason: .granted), Kind(isWeak: true, reason: .asked),
            Kind(isWeak: true, reason: .granted), Kind(isWeak: true, reason: .estimate),
        ]
    }

    /// What is known of the link at a moment.
    package struct Evidence: Sendable {
        /// Whether the estimate is below what the smallest layer and the voices take,
        package var isShort: Bool
        /// and whether that was seen, and not just not disproved.
        package var isProven: Bool
        /// and whether no picture is shown for that reason.
        package var isBlank: Bool
        /// Whether it is clearly above that.
        package var hasRoom: Bool

        package init(isShort: Bool, isProven: Bool, isBlank: Bool, hasRoom: Bool) {
            self.isShort = isShort
            self.isProven = isProven
            self.isBlank = isBlank
            self.hasRoom = hasRoom
        }
    }

    private static let confirmation = Duration.seconds(3)
    /// While nothing is shown anyway.
    private static let shortConfirmation = Duration.seconds(1)
    private static let shortestPatience = Duration.seconds(5)
    private static let longestPatience = Duration.seconds(60)
    /// Who was served all for so long has got over it.
    private static let recovery = Duration.seconds(30)

    package private(set) var wish = Wish.automatic
    /// What the room's controller has granted; nil: it leaves that to the client.
    package private(set) var grant: Wish?
    /// Whether one picture of a lane and one mixed voice are all that is sent.
    package private(set) var isWeak = false
    package private(set) var reason = Reason.link
    /// Since when the link has been short, or has had room.
    private var since: Instant?
    private var leftAt: Instant?
    private var patience = LinkProfile.shortestPatience

    package init() {}

    /// What holds of what was granted and wished for: a grant goes before a wish, but nobody is made to take more than they ask for.
    package var rule: Wish {
        guard let grant else { return wish }
        return wish == .weak ? .weak : grant
    }

    package var kind: Kind { Kind(isWeak: isWeak, reason: reason) }

    /// Whether somebody has chosen it, and not the state of the link.
    package var isChosen: Bool { rule != .automatic }

    /// Takes the client's wish, which holds until the next one, as far as what is granted lets it.
    package mutating func ask(_ new: Wish) {
        let former = rule
        wish = new
        apply(insteadOf: former)
    }

    /// Takes what the room's controller grants, which holds until the next time; nil leaves it to the client again.
    package mutating func grant(_ new: Wish?) {
        let former = rule
        grant = new
        apply(insteadOf: former)
    }

    /// Takes what is known now; to be called several times a second. Returns whether the profile has changed.
    package mutating func judge(_ evidence: Evidence, at now: Instant) -> Bool {
        guard !isChosen else { return false }
        guard isWeak ? evidence.hasRoom : evidence.isShort else {
            since = nil
            return false
        }
        guard let since else {
            if isWeak || evidence.isProven { since = now }
            return false
        }
        let confirmation = evidence.isBlank ? Self.shortConfirmation : Self.confirmation
        guard now - since >= (isWeak ? patience : confirmation) else { return false }
        self.since = nil
        if isWeak {
            leftAt = now
        } else if let leftAt {
            patience =
                now - leftAt < Self.recovery
                ? min(patience * 2, Self.longestPatience) : Self.shortestPatience
        }
        isWeak.toggle()
        reason = isWeak ? .estimate : .link
        return true
    }

    private mutating func apply(insteadOf former: Wish) {
        if isChosen { reason = grant == rule ? .granted : .asked }
        guard rule != former else { return }
        since = nil
        leftAt = nil
        patience = Self.shortestPatience
        switch rule {
        // What the link carries is seen soon enough.
        case .automatic: (isWeak, reason) = (false, .link)
        case .weak: isWeak = true
        case .full: isWeak = false
        }
    }
}
