import NodeIO
import Wire

/// What one step costs.
struct Measurement: Encodable {
    let name: String
    /// The best of several runs: what the machine's other work does not disturb.
    let nanoseconds: Double

    /// Runs `body`, which does `count` steps, again and again for about half a second.
    ///
    /// - Parameter prepare: what comes before each run and is not timed.
    static func run(
        _ name: String, steps count: Int, preparedBy prepare: () -> Void = {}, _ body: () -> Void
    ) -> Measurement {
        prepare()
        body()
        var best = Double.infinity
        let end = MonotonicClock.now() + .milliseconds(500)
        repeat {
            prepare()
            let start = MonotonicClock.now()
            body()
            best = min(best, Double((MonotonicClock.now() - start).nanoseconds) / Double(count))
        } while MonotonicClock.now() < end
        return Measurement(name: name, nanoseconds: best)
    }
}
