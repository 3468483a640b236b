/// Whether most of a scene stands still. VP9's cyclic refresh spends bits on blocks that do not change, a few in every picture:
/// of a background that stays they are seen for long, but where all moves they are missing elsewhere.
struct BackgroundWatch {
    /// From this share of changed blocks on a scene moves, and below this one it stands still again.
    private static let movingShare = 0.18
    private static let stillShare = 0.12
    /// It has to last, in ticks of 90 kHz: a page that scrolls is still afterwards.
    private static let duration: Int64 = 90_000 * 3 / 2

    private(set) var isStill = true
    /// Since when it is the other way round.
    private var since: Int64?

    /// Takes note of how much of the pictures changes of late.
    mutating func observe(changedShare: Double, at time: Int64) {
        let isOther = isStill ? changedShare > Self.movingShare : changedShare < Self.stillShare
        guard isOther else {
            since = nil
            return
        }
        let start = since ?? time
        since = start
        guard time - start >= Self.duration else { return }
        isStill.toggle()
        since = nil
    }
}
