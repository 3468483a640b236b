import RTP
import Testing

/// The bits that `text` names, padded with zeros to whole bytes; everything but 0 and 1 separates fields for the reader.
func bits(_ text: String) -> [UInt8] {
    let digits = text.compactMap { $0 == "0" ? UInt8(0) : $0 == "1" ? 1 : nil }
    return stride(from: 0, to: digits.count, by: 8).map { start in
        (0..<8).reduce(UInt8(0)) { byte, index in
            byte << 1 | (start + index < digits.count ? digits[start + index] : 0)
        }
    }
}

@Suite struct DependencyDescriptorTests {
    /// L1T3 with the templates that Chromium uses, numbered from 5; three decode targets, one chain.
    private static let temporalLayers = [
        "000101 00010", "00 01 01 00 11",  // T0 T0 T1 T2 T2
        "101010 101010 000110 000001 000001",  // SSS SSS -DS --D --D
        "0  1 0011 0  1 0001 0  1 0000 0  1 0000 0",  // frame differences: none, 4, 2, 1, 1
        "01  0000 0100 0010 0001 0011",  // one chain, which protects all
        "0",
    ].joined()
    /// L2T1: two decode targets, two chains, sizes.
    private static let spatialLayers = [
        "000000 00001", "00 10 00 11",  // S0 S0 S1 S1
        "1011 1011 0010 0010",  // SR SR -S -S
        "0  1 0001 0  1 0000 0  1 0000 1 0001 0",
        "11  0 1  00000000 00100001 00010001 00010010",  // two chains
        "1 0000000100111111 0000000010110011 0000001001111111 0000000101100111",
    ].joined()

    private static func parse(
        _ text: String, _ structure: inout DependencyStructure?
    ) -> DependencyDescriptor? {
        let bytes = bits(text)
        return DependencyDescriptor(parsing: bytes.span, 0..<bytes.count, structure: &structure)
    }

    /// What the first packet of a stream leaves.
    private static func structure(_ text: String) throws -> DependencyStructure {
        var structure: DependencyStructure?
        _ = parse("11 000000 0000000000000001 10000" + text, &structure)
        if structure == nil { _ = parse("11 000101 0000000000000001 10000" + text, &structure) }
        return try #require(structure)
    }

    @Test func `a key frame brings the structure`() throws {
        var structure: DependencyStructure?
        let descriptor = try #require(
            Self.parse("10 000101 0000000100000010 10000" + Self.temporalLayers, &structure))
        #expect(descriptor.startsFrame)
        #expect(!descriptor.endsFrame)
        #expect(descriptor.frameNumber == 0x0102)
        #expect(descriptor.hasStructure)
        #expect(descriptor.temporalID == 0 && descriptor.spatialID == 0)
        #expect(descriptor.isReferenced)
        #expect(descriptor.switchingLevels == 0xFF)
        let known = try #require(structure)
        #expect(known.decodeTargetCount == 3)
        #expect(known.templateCount == 5)
        #expect(known.highestTemporalID == 2)
        #expect(known.highestSpatialID == 0)
        #expect((0..<3).map { known.layers(ofTarget: $0).temporal } == [0, 1, 2])
        #expect(!known.sizes[0].isKnown)
    }

    @Test(arguments: [
        // Template, temporal layer, where one can go up, whether another frame needs it.
        ("000110", UInt8(0), UInt8(0b1111_1111), true), ("000111", 1, 0b1111_1100, true),
        ("001000", 2, 0, false), ("001001", 2, 0, false),
    ])
    func `three bytes name a template`(
        template: String, temporal: UInt8, levels: UInt8, isReferenced: Bool
    ) throws {
        var structure: DependencyStructure? = try Self.structure(Self.temporalLayers)
        let descriptor = try #require(Self.parse("11 \(template) 0000000000000111", &structure))
        #expect(descriptor.startsFrame && descriptor.endsFrame)
        #expect(!descriptor.hasStructure)
        #expect(descriptor.temporalID == temporal)
        #expect(descriptor.switchingLevels == levels)
        #expect(descriptor.isReferenced == isReferenced)
    }

    @Test func `later packets of a frame are no place to go up`() throws {
        var structure: DependencyStructure? = try Self.structure(Self.temporalLayers)
        let descriptor = try #require(Self.parse("01 000110 0000000000000111", &structure))
        #expect(descriptor.endsFrame)
        #expect(descriptor.switchingLevels == 0)
    }

    @Test func `spatial layers have their targets and sizes`() throws {
        var structure: DependencyStructure?
        let first = try #require(
            Self.parse("11 000000 0000000000000001 10000" + Self.spatialLayers, &structure))
        #expect(first.sizes[0] == PictureSize(width: 320, height: 180))
        #expect(first.sizes[1] == PictureSize(width: 640, height: 360))
        #expect(!first.sizes[2].isKnown)
        let known = try #require(structure)
        #expect(known.highestSpatialID == 1)
        #expect((0..<2).map { known.layers(ofTarget: $0).spatial } == [0, 1])
        let upper = try #require(Self.parse("11 000010 0000000000000010", &structure))
        #expect(upper.spatialID == 1)
        #expect(upper.switchingLevels == 0xFF)
        #expect(!upper.sizes[1].isKnown)
    }

    @Test func `a frame may differ from its template`() throws {
        var structure: DependencyStructure? = try Self.structure(Self.temporalLayers)
        // Active targets 011, own indications -RD, own frame differences and chains behind.
        let descriptor = try #require(
            Self.parse("11 000111 0000000000000011 01111 011 001101 01 0001 00 00000010", &structure))
        #expect(descriptor.activeTargets == 0b011)
        #expect(descriptor.switchingLevels == 0)
        #expect(descriptor.isReferenced)
        #expect(descriptor.temporalID == 1)
    }

    @Test(arguments: [
        "11 000000 0000000000000001", "11 001010 0000000000000001", "11 000100 0000000000000001",
    ])
    func `a template that is not known says nothing`(text: String) throws {
        var structure: DependencyStructure? = try Self.structure(Self.temporalLayers)
        #expect(Self.parse(text, &structure) == nil)
        var nothing: DependencyStructure?
        #expect(Self.parse(text, &nothing) == nil)
    }

    @Test(arguments: [Self.temporalLayers, Self.spatialLayers])
    func `what is cut off is refused and the former structure stays`(text: String) throws {
        let former = try Self.structure(Self.temporalLayers)
        let template = text == Self.temporalLayers ? "000101" : "000000"
        let whole = bits("11 \(template) 0000000000000001 10000" + text)
        for length in 0..<whole.count {
            var structure: DependencyStructure? = former
            let descriptor = DependencyDescriptor(parsing: whole.span, 0..<length, structure: &structure)
            // The last bits of whole bytes may be padding.
            if length < whole.count - 1 { #expect(descriptor?.hasStructure != true) }
            #expect(structure != nil)
        }
        var structure: DependencyStructure? = former
        let beyond = DependencyDescriptor(parsing: whole.span, 1..<whole.count + 1, structure: &structure)
        #expect(beyond == nil)
    }

    @Test func `random bytes do not trap`() {
        var generator = SeededGenerator(seed: 7)
        var structure: DependencyStructure?
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { index in
                index == 3
                    ? UInt8.random(in: 0x80...0xFF, using: &generator)
                    : .random(in: 0...255, using: &generator)
            }
            let descriptor = DependencyDescriptor(
                parsing: bytes.span, 0..<bytes.count, structure: &structure)
            if let descriptor { #expect(descriptor.spatialID < 4 && descriptor.temporalID < 8) }
        }
    }
}
