import RTP
import Wire

/// Dependency descriptors one after the other, as the packets of one stream bring them: a byte with the length before
/// each. A structure that was taken once explains what follows.
enum DependencyTarget {
    static func run(_ input: Span<UInt8>) {
        var structure: DependencyStructure?
        var offset = 0
        while offset < input.count {
            let end = min(offset + 1 + Int(input[offset]), input.count)
            let descriptor = DependencyDescriptor(parsing: input, offset + 1..<end, structure: &structure)
            offset = end
            guard let known = structure else {
                precondition(descriptor == nil, "without a structure nothing is known")
                continue
            }
            precondition((1...64).contains(known.templateCount), "templates are 64")
            precondition((1...32).contains(known.decodeTargetCount), "decode targets are 32")
            for target in 0..<known.decodeTargetCount {
                let layers = known.layers(ofTarget: target)
                precondition(layers.spatial <= known.highestSpatialID, "a target has layers of the stream")
                precondition(layers.temporal <= known.highestTemporalID, "a target has layers of the stream")
            }
            guard let descriptor else { continue }
            precondition(descriptor.spatialID <= known.highestSpatialID, "a frame has layers of the stream")
            precondition(descriptor.temporalID <= known.highestTemporalID, "a frame has layers of the stream")
            precondition(
                descriptor.startsFrame || descriptor.switchingLevels == 0, "one goes up at frame starts")
        }
    }
}
