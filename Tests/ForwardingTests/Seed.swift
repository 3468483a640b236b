import Glibc
import Impairment

/// The seed of a random test: SMARTC_SEED, else another one each time.
func seed() -> UInt64 {
    if let text = unsafe getenv("SMARTC_SEED").flatMap({ unsafe String(validatingCString: $0) }),
        let seed = UInt64(text)
    {
        return seed
    }
    return .random(in: 0 ... .max)
}
