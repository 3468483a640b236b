/// How much a session is served and asked to send, as it is opened.
package struct SessionTerms: Sendable, Equatable {
    /// What the client wishes for.
    package var wish: LinkProfile.Wish
    /// What its room's controller grants; nil: it leaves that to the client.
    package var grant: LinkProfile.Wish?
    /// Whether the client limits by itself what it sends, so that the answer need not: an answer holds for the whole session.
    package var limitsItself: Bool

    package init(
        wish: LinkProfile.Wish = .automatic, grant: LinkProfile.Wish? = nil, limitsItself: Bool = false
    ) {
        self.wish = wish
        self.grant = grant
        self.limitsItself = limitsItself
    }

    /// The profile with which a session on these terms begins.
    var profile: LinkProfile {
        var profile = LinkProfile()
        profile.ask(wish)
        profile.grant(grant)
        return profile
    }
}
