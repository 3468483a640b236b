import FoundationEssentials

/// The seed of a random test: SMARTC_SEED, else another one each time.
func seed() -> UInt64 {
    ProcessInfo.processInfo.environment["SMARTC_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
}
