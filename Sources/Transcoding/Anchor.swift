/// A lane's key frame, kept for those who join: they get it, and then a resync frame that is predicted from it alone.
///
///     key frame --> in a reference buffer of every decoder, and here
///        |  scene changes little: a join costs a resync frame, which all others take as an ordinary frame
///        |  a resync frame costs nearly as much as a key frame, or a cut, or another size: worn
///        v
///     next key frame
struct Anchor {
    /// Resync frames from this share of a key frame's cost on are not worth their complications.
    private static let wornRatio = 0.8

    let bytes: [UInt8]
    let quantizer: Int
    /// Ticks of 90 kHz.
    let time: Int64
    /// What the last resync frame cost, as a share of the key frame, at equal quantizers.
    private(set) var resyncRatio = 0.0

    init(bytes: [UInt8], quantizer: Int, time: Int64) {
        self.bytes = bytes
        self.quantizer = quantizer
        self.time = time
    }

    /// Whether a key frame would serve better than another resync frame.
    var isWorn: Bool { resyncRatio > Self.wornRatio }

    mutating func resynced(bytes count: Int, quantizer: Int) {
        // Six steps of the quantizer are about a factor of one and a half in bits.
        let steps = Double(quantizer - self.quantizer)
        var factor = 1.0
        for _ in 0..<Int(abs(steps)) { factor *= steps > 0 ? 1.07 : 1 / 1.07 }
        resyncRatio = Double(count) * factor / Double(max(bytes.count, 1))
    }
}
