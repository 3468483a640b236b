/// How far apart two groups of packets were sent and arrived, in microseconds.
struct GroupDelta: Equatable, Sendable {
    var send: Int64
    var arrival: Int64
    /// When the later group arrived, on the receiver's clock.
    var arrivedAt: Int64
}

/// Puts packets that were sent together into groups and compares the ends of neighbouring groups
/// (draft-ietf-rmcat-gcc-02 section 5.2, "pre-filtering").
///
/// The packets of a frame leave at once: that they arrive one after the other tells the link's rate, not of a
/// queue that grows.
struct PacketGroups: Sendable {
    /// Packets sent within this time are one group.
    private static let burst: Int64 = 5_000
    /// Bursts that the network itself made are merged up to this length.
    private static let longestMerge: Int64 = 100_000
    /// When the two clocks part by more than this, one of them was set, or the path is another.
    private static let clockJump: Int64 = 3_000_000

    private struct Group: Sendable {
        var firstSend: Int64
        var lastSend: Int64
        var firstArrival: Int64
        var lastArrival: Int64
    }

    private var previous: Group?
    private var current: Group?

    init() {}

    /// Takes the next packet, in the order of sending. A packet that is late by more than a group is left out.
    mutating func add(send: Int64, arrival: Int64) -> GroupDelta? {
        guard var group = current else {
            current = Group(firstSend: send, lastSend: send, firstArrival: arrival, lastArrival: arrival)
            return nil
        }
        guard send >= group.firstSend else { return nil }
        if belongs(send: send, arrival: arrival, to: group) {
            group.lastSend = max(group.lastSend, send)
            group.lastArrival = max(group.lastArrival, arrival)
            current = group
            return nil
        }
        let before = previous
        previous = group
        current = Group(firstSend: send, lastSend: send, firstArrival: arrival, lastArrival: arrival)
        guard let before else { return nil }
        let delta = GroupDelta(
            send: group.lastSend &- before.lastSend, arrival: group.lastArrival &- before.lastArrival,
            arrivedAt: group.lastArrival)
        guard delta.arrival >= 0, abs(delta.arrival &- delta.send) < Self.clockJump else {
            previous = nil
            return nil
        }
        return delta
    }

    private func belongs(send: Int64, arrival: Int64, to group: Group) -> Bool {
        if send &- group.firstSend <= Self.burst { return true }
        // Several groups that were held up on the way and came at once (section 5.2).
        let sendDelta = send &- group.lastSend
        let arrivalDelta = arrival &- group.lastArrival
        return arrivalDelta < sendDelta && arrivalDelta <= Self.burst
            && arrival &- group.firstArrival < Self.longestMerge
    }
}
