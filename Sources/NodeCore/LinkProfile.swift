package import Wire

/// What a session is served: all that its slots and its link take, or what a link of 3G carries.
///
///     full --too little for the smallest layer and the voices, for 3 s--> weak --room for them again, for a time--> full
///
/// That time is 5 s at first. Who had to come back within half a minute waits twice as long, up to a minute: the link is a
/// little too narrow, and trying costs a break. A wish ends all that.
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
        /// Asked for by the client or the controller.
        case asked
        /// The smallest layer and the voices take more than the link carries.
        case estimate
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
    /// Whether one picture of a lane and one mixed voice are all that is sent.
    package private(set) var isWeak = false
    package private(set) var reason = Reason.link
    /// Since when the link has been short, or has had room.
    private var since: Instant?
    private var leftAt: Instant?
    private var patience = LinkProfile.shortestPatience

    package init() {}

    /// Takes a wish, which holds until the next one.
    package mutating func ask(_ new: Wish) {
        guard new != wish else { return }
        wish = new
        since = nil
        leftAt = nil
        patience = Self.shortestPatience
        switch new {
        // What the link carries is seen soon enough.
        case .automatic: (isWeak, reason) = (false, .link)
        case .weak: (isWeak, reason) = (true, .asked)
        case .full: (isWeak, reason) = (false, .asked)
        }
    }

    /// Takes what is known now; to be called several times a second. Returns whether the profile has changed.
    package mutating func judge(_ evidence: Evidence, at now: Instant) -> Bool {
        switch wish {
        case .weak, .full: return false
        case .automatic: break
        }
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
}
