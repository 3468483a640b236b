/// What a session is served: all that its slots and its link take, or what a link of 3G carries.
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

    package var wish = Wish.automatic
    /// Whether one picture of a lane and one mixed voice are all that is sent.
    package internal(set) var isWeak = false
    package internal(set) var reason = Reason.link

    package init() {}
}
