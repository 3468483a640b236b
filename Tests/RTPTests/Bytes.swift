import RTP

/// The bytes that `text` names in hexadecimal; blanks separate fields for the reader.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// The bytes that `body` appends.
func written(capacity: Int = 1500, _ body: (inout OutputSpan<UInt8>) -> Void) -> [UInt8] {
    [UInt8](capacity: capacity) { (output: inout OutputSpan<UInt8>) in body(&output) }
}

/// All packets of a compound, and whether it is well-formed.
func read(_ compound: [UInt8]) -> (packets: [RTCPPacket], isWellFormed: Bool) {
    var packets: [RTCPPacket] = []
    let isWellFormed = RTCPReader.forEachPacket(in: compound.span) { packets.append($0) }
    return (packets, isWellFormed)
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
