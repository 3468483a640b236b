internal import NodeCore

/// The JSON of `GET /sessions/{id}/link`: how the way to a session's remote does.
struct LinkDocument: Encodable {
    struct Direction: Encodable {
        let bytes: UInt64
        let datagrams: UInt64
        let bitsPerSecond: Int
        let peakBitsPerSecond: Int

        init(_ direction: SessionLink.Direction) {
            bytes = direction.bytes
            datagrams = direction.datagrams
            bitsPerSecond = direction.bitsPerSecond
            peakBitsPerSecond = direction.peakBitsPerSecond
        }
    }

    let profile: String
    let wish: String
    let reason: String
    @NullWhenAbsent var grant: String?
    @NullWhenAbsent var bitsPerSecond: Int?
    @NullWhenAbsent var roundTripMilliseconds: Int?
    /// As the node sees it.
    let sent: Direction
    let received: Direction

    init(_ link: SessionLink) {
        profile = ProfileText.name(of: link.profile)
        wish = link.profile.wish.rawValue
        reason = link.profile.reason.rawValue
        _grant = NullWhenAbsent(wrappedValue: link.profile.grant?.rawValue)
        _bitsPerSecond = NullWhenAbsent(wrappedValue: link.bitsPerSecond)
        _roundTripMilliseconds = NullWhenAbsent(
            wrappedValue: link.roundTrip.map { Int($0 / .milliseconds(1)) })
        sent = Direction(link.sent)
        received = Direction(link.received)
    }
}
