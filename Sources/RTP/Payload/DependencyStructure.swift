import Wire

/// The template dependency structure of a dependency descriptor: which layers and decode targets a stream has, and
/// what the templates stand for that each of its frames names (AV1 RTP payload specification appendix A.8.3). It
/// arrives with a key frame and holds for the frames that follow.
package struct DependencyStructure: Sendable {
    /// What one frame is to one decode target (appendix A.4.1).
    package enum Indication: UInt8, Sendable {
        case notPresent
        /// Nothing depends on it.
        case discardable
        /// A receiver of a lower target can begin with this target here.
        case switching
        case required
    }

    private static let templateLimit = 64

    /// 0...63; of the first template.
    let firstTemplate: UInt8
    /// 1...32.
    package let decodeTargetCount: Int
    /// 1...64.
    package let templateCount: Int
    /// The highest spatial layer 0...3, the highest temporal layer 0...7.
    package let highestSpatialID: UInt8
    package let highestTemporalID: UInt8
    /// The sizes in pixels by spatial layer; unknown if they are not told.
    package let sizes: InlineArray<4, PictureSize>
    /// By template: spatial layer in the upper half, temporal layer in the lower.
    private let layers: InlineArray<64, UInt8>
    /// By template: two bits for each decode target.
    private let indications: InlineArray<64, UInt64>
    /// By decode target: spatial layer in the upper half, temporal layer in the lower.
    private let targets: InlineArray<32, UInt8>

    /// Parses the structure at the reader's place; `nil` if it does not fit or has more templates or layers than the
    /// format allows.
    init?(_ reader: inout BitReader, of bytes: Span<UInt8>) {
        firstTemplate = UInt8(reader.bits(6, of: bytes))
        let targetCount = Int(reader.bits(5, of: bytes)) + 1

        // template_layers()
        var layers = InlineArray<64, UInt8>(repeating: 0)
        var count = 0
        var spatial: UInt8 = 0
        var temporal: UInt8 = 0
        var highestTemporal: UInt8 = 0
        var next: UInt32
        repeat {
            guard count < Self.templateLimit, spatial < 4, temporal < 8 else { return nil }
            layers[count] = spatial << 4 | temporal
            highestTemporal = max(highestTemporal, temporal)
            count += 1
            next = reader.bits(2, of: bytes)
            if next == 1 { temporal += 1 }
            if next == 2 {
                temporal = 0
                spatial += 1
            }
        } while next != 3 && !reader.isExhausted
        guard !reader.isExhausted else { return nil }

        // template_dtis()
        var indications = InlineArray<64, UInt64>(repeating: 0)
        var targets = InlineArray<32, UInt8>(repeating: 0)
        for template in 0..<count {
            for target in 0..<targetCount {
                let indication = UInt64(reader.bits(2, of: bytes))
                indications[template] |= indication << UInt64(target * 2)
                // decode_target_layers()
                guard indication != 0 else { continue }
                targets[target] =
                    max(targets[target] & 0xF0, layers[template] & 0xF0)
                    | max(targets[target] & 0x0F, layers[template] & 0x0F)
            }
        }
        // template_fdiffs()
        for _ in 0..<count {
            while reader.flag(of: bytes) { _ = reader.bits(4, of: bytes) }
        }
        // template_chains()
        let chains = reader.nonSymmetric(below: targetCount + 1, of: bytes)
        if chains > 0 {
            for _ in 0..<targetCount { _ = reader.nonSymmetric(below: chains, of: bytes) }
            for _ in 0..<count * chains { _ = reader.bits(4, of: bytes) }
        }
        // render_resolutions()
        var sizes = InlineArray<4, PictureSize>(repeating: .unknown)
        if reader.flag(of: bytes) {
            for layer in 0...Int(spatial) {
                let width = reader.bits(16, of: bytes)
                let height = reader.bits(16, of: bytes)
                sizes[layer] = PictureSize(
                    width: UInt16(truncatingIfNeeded: min(width + 1, 0xFFFF)),
                    height: UInt16(truncatingIfNeeded: min(height + 1, 0xFFFF)))
            }
        }
        guard !reader.isExhausted else { return nil }

        decodeTargetCount = targetCount
        templateCount = count
        highestSpatialID = spatial
        highestTemporalID = highestTemporal
        self.sizes = sizes
        self.layers = layers
        self.indications = indications
        self.targets = targets
    }

    /// The number of a template that a frame names; `nil` if there is none.
    func template(_ id: UInt8) -> Int? {
        let index = Int((id &- firstTemplate) & 63)
        return index < templateCount ? index : nil
    }

    func spatialID(ofTemplate template: Int) -> UInt8 { layers[template] >> 4 }

    func temporalID(ofTemplate template: Int) -> UInt8 { layers[template] & 0x0F }

    /// Two bits for each decode target.
    func indications(ofTemplate template: Int) -> UInt64 { indications[template] }

    /// The layers of a decode target, 0..<`decodeTargetCount`.
    package func layers(ofTarget target: Int) -> (spatial: UInt8, temporal: UInt8) {
        (targets[target] >> 4, targets[target] & 0x0F)
    }

    /// To which temporal layers a receiver can go up with a frame of this spatial layer: one bit for each. What holds for
    /// the highest holds for those above, which do not exist.
    ///
    /// Targets of other spatial layers do not matter: a picture's layers share its temporal structure, but the lower ones
    /// are merely required for the higher, or not even that (L3T3_KEY).
    func switchingLevels(_ indications: UInt64, spatialID: UInt8) -> UInt8 {
        var levels: UInt8 = 0
        for target in 0..<decodeTargetCount
        where indications >> UInt64(target * 2) & 3 == UInt64(Indication.switching.rawValue) {
            let (spatial, temporal) = layers(ofTarget: target)
            guard spatial == spatialID else { continue }
            levels |= temporal == highestTemporalID ? UInt8.max << temporal : 1 << temporal
        }
        return levels
    }
}
