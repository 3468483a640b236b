import FuzzTargets
import Glibc

/// The fuzzer's own `main`; `SMARTC_FUZZ_TARGET` says which parser it feeds.
@main
enum Fuzz {
    static func main() {
        var argumentCount = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        exit(unsafe runFuzzer(&argumentCount, &arguments, fuzzOne))
    }
}

private let target: FuzzTarget = {
    let name = unsafe getenv("SMARTC_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        print("SMARTC_FUZZ_TARGET is to be one of \(names)")
        exit(64)
    }
    return target
}()

@_extern(c, "LLVMFuzzerRunDriver")
private func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ entry: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// Called by libFuzzer for each input.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = unsafe UnsafeBufferPointer(start: bytes, count: count)
    target.run(unsafe input.span)
    return 0
}
