import NodeIO
import Wire

/// Starts steps at a rate, many at the same time: a slow answer delays nobody else's start until the limit is reached.
struct Pace: Sendable {
    let perSecond: Double
    /// How many steps may be under way.
    let limit: Int

    /// Runs `step` for the numbers below `count` and returns when all have ended.
    ///
    /// - Parameters:
    ///   - goesOn: asked before each step; false starts no more.
    ///   - progress: told the number of each step before it starts.
    func run(
        _ count: Int, while goesOn: () -> Bool, progress: (Int) -> Void = { _ in },
        _ step: @escaping @Sendable (Int) async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            let start = MonotonicClock.now()
            var running = 0
            for number in 0..<count {
                let due = start + .nanoseconds(Int64(Double(number) * 1e9 / perSecond))
                var now = MonotonicClock.now()
                while due > now, goesOn() {
                    try? await Task.sleep(for: min(due - now, .milliseconds(200)))
                    now = MonotonicClock.now()
                }
                if running == limit, await group.next() != nil { running -= 1 }
                guard goesOn() else { break }
                progress(number)
                group.addTask { await step(number) }
                running += 1
            }
            await group.waitForAll()
        }
    }
}
