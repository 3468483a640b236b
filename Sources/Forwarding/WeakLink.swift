import RTP
import Wire

/// How a subscriber's link treats pictures.
package enum LinkQuality: Sendable {
    case good
    /// Packets get lost again and again, but there is room to repair them.
    case lossy
    /// It carries so little that repairs and reports are weighed as well.
    case weak
}

/// What a down track does otherwise for a subscriber on a lossy or a weak link: its receiver is told to hold pictures back for
/// longer, so that repairs come in time, and on a weak link what would come too late is not sent.
///
/// A receiver does the same by itself once it has repaired some pictures, but only if it knows the round trip, and one that
/// sends nothing does not.
///
/// The receiver keeps to the last delay that it was told, and takes it from the first packet of a frame. Nobody
/// acknowledges it, so that it goes with many packets after a change, with every key frame, and now and then.
struct WeakLink: Sendable {
    /// At 15 packets a second: four seconds.
    static let packetsAfterChange: Int64 = 60
    /// A power of two: every so many packets it is told again.
    private static let period: UInt16 = 64
    static let shortest = Duration.milliseconds(400)
    static let longest = Duration.milliseconds(900)
    /// On a lossy link. A loss shows with the next picture, of which there may be fifteen a second; then one repair has to come.
    static let lossyRange = Duration.milliseconds(120)...Duration.milliseconds(400)
    private static let detection = Duration.milliseconds(100)
    /// Beyond, whoever speaks and whoever answers get in each other's way.
    static let most = Duration.milliseconds(1200)
    /// Steps that are worth telling: a receiver stretches or shortens what it plays with each.
    private static let step = Duration.milliseconds(100)
    /// Until a round trip was measured.
    static let assumedRoundTrip = Duration.milliseconds(275)
    /// From a packet's arrival to the picture on the screen.
    private static let decoding = Duration.milliseconds(50)
    private static let resyncInterval = Duration.seconds(2)
    /// The next picture and the bits of a resync frame take at least that long: until then a repair that comes late is better.
    private static let resyncTime = Duration.milliseconds(300)

    private var quality = LinkQuality.good
    /// What the receiver is told; nil before the link was lossy or weak for the first time.
    private(set) var playoutDelay: PlayoutDelay?
    /// The packet, counted from the stream's first, from which on it is told of the last change.
    private var changedAt: Int64 = 0
    private var lastResync: Instant?

    init() {}

    /// Whether the link is weak.
    var isOn: Bool { quality == .weak }

    /// Whether the receiver holds pictures back for us.
    var isHolding: Bool { quality != .good }

    /// Follows the link. Returns whether it has become another.
    ///
    /// - Parameter next: the number of the next packet, counted from the first.
    mutating func fit(to new: LinkQuality, roundTrip: Duration?, next: Int64) -> Bool {
        let hasChanged = new != quality
        quality = new
        let trip = roundTrip ?? Self.assumedRoundTrip
        let minimum: Duration
        switch new {
        case .good:
            if hasChanged { tell(.usual, from: next) }
            return hasChanged
        case .lossy:
            minimum = (trip + Self.detection).clamped(to: Self.lossyRange)
        case .weak:
            // A loss shows with the next picture, of which there may be seven a second, and losses come in runs; then the packet
            // is asked for and comes again, and that may be lost, too.
            minimum = (trip * 2 + .milliseconds(250)).clamped(to: Self.shortest...Self.longest)
        }
        if hasChanged || abs((playoutDelay?.minimum ?? .zero) - minimum) >= Self.step {
            tell(PlayoutDelay(atLeast: minimum, atMost: Self.most), from: next)
        }
        return hasChanged
    }

    /// What a packet tells the receiver.
    ///
    /// - Parameter place: the packet's number, counted from the stream's first.
    func playoutDelay(at place: Int64, _ sequenceNumber: UInt16, isKeyFrame: Bool) -> PlayoutDelay? {
        guard let playoutDelay else { return nil }
        let isNews = (0..<Self.packetsAfterChange).contains(place - changedAt)
        let isDue = isHolding && (isKeyFrame || sequenceNumber % Self.period == 0)
        return isNews || isDue ? playoutDelay : nil
    }

    /// Whether a packet that was sent so long ago is of no use any more: it would come so long after its picture's turn that a
    /// picture that does without it is there before, or such a picture is on its way.
    func isTooLate(age: Duration, at now: Instant) -> Bool {
        guard isOn, let playoutDelay else { return false }
        if age + Self.decoding > playoutDelay.minimum + Self.resyncTime { return true }
        return lastResync.map { now - age < $0 } ?? false
    }

    /// Whether a picture that does without what was lost is to be asked for now. It is taken as asked for.
    mutating func takeResync(at now: Instant) -> Bool {
        guard isOn, now >= lastResync.map({ $0 + Self.resyncInterval }) ?? now else { return false }
        lastResync = now
        return true
    }

    private mutating func tell(_ delay: PlayoutDelay, from next: Int64) {
        playoutDelay = delay
        changedAt = next
    }
}

private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }

extension Duration {
    fileprivate func clamped(to range: ClosedRange<Duration>) -> Duration {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
