import ArgumentParser
import Impairment
import Wire

/// What the links of `relay-bench impair` are like.
struct LinkOptions: ParsableArguments {
    @Option(
        help: "Bits per second, such as 400kbit (default: unlimited).", transform: { try BitrateArgument($0) }
    )
    var rate: BitrateArgument?

    @Option(
        help: "From the end of the transmission to the arrival, such as 150ms.",
        transform: { try DurationArgument($0) })
    var delay = DurationArgument(.zero)

    @Option(
        help: "At most this much is added to the delay, such as 20ms.",
        transform: { try DurationArgument($0) })
    var jitter = DurationArgument(.zero)

    @Option(help: "Lost on the way, such as 2%.", transform: { try PercentArgument($0) })
    var loss: PercentArgument?

    @Flag(help: "Losses come in runs.")
    var burst = false

    @Option(help: "With --burst: the average length of a run, in datagrams.")
    var burstLength = 5.0

    @Option(
        help: "Held back for 20 ms, so that later ones overtake, such as 1%.",
        transform: { try PercentArgument($0) })
    var reorder: PercentArgument?

    @Option(help: "Arrives twice, such as 1%.", transform: { try PercentArgument($0) })
    var duplicate: PercentArgument?

    @Option(help: "What would wait longer for the link is dropped.", transform: { try DurationArgument($0) })
    var queue = DurationArgument(.milliseconds(300))

    @Option(help: "As --rate, from the client to the target alone.", transform: { try BitrateArgument($0) })
    var upRate: BitrateArgument?

    @Option(help: "As --rate, from the target to the client alone.", transform: { try BitrateArgument($0) })
    var downRate: BitrateArgument?

    @Option(help: "As --delay, from the client to the target alone.", transform: { try DurationArgument($0) })
    var upDelay: DurationArgument?

    @Option(help: "As --delay, from the target to the client alone.", transform: { try DurationArgument($0) })
    var downDelay: DurationArgument?

    @Option(help: "As --loss, from the client to the target alone.", transform: { try PercentArgument($0) })
    var upLoss: PercentArgument?

    @Option(help: "As --loss, from the target to the client alone.", transform: { try PercentArgument($0) })
    var downLoss: PercentArgument?

    func validate() throws {
        guard (1...1000).contains(burstLength) else { throw ValidationError("--burst-length is 1 to 1000.") }
    }

    /// - Parameter headerBytes: what IP and UDP add to a datagram.
    func settings(_ direction: LinkChange.Direction, headerBytes: Int) -> LinkSettings {
        let isUp = direction == .up
        let share = (isUp ? upLoss : downLoss) ?? loss
        return LinkSettings(
            bitsPerSecond: ((isUp ? upRate : downRate) ?? rate)?.bitsPerSecond,
            delay: ((isUp ? upDelay : downDelay) ?? delay).duration, jitter: jitter.duration,
            loss: LossModel(share: share?.share ?? 0, burstLength: burst ? burstLength : nil),
            reorder: reorder?.share ?? 0, duplicate: duplicate?.share ?? 0,
            queueLimit: .time(queue.duration), headerBytes: headerBytes)
    }
}
