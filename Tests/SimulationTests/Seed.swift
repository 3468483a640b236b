import FoundationEssentials

/// The seed of a run: SMARTC_SEED if it is set, else always the same; printed, so that a failure can be run again.
enum Seed {
    static func current(_ name: String = #function) -> UInt64 {
        let text = ProcessInfo.processInfo.environment["SMARTC_SEED"]
        let seed = text.flatMap { UInt64($0) } ?? 1
        print("SMARTC_SEED=\(seed) \(name)")
        return seed
    }
}
