import Testing

@testable import RTP

@Suite struct VP9DescriptorTests {
    private func parse(_ name: String) throws -> VP9Descriptor {
        let payload = try Fixtures.bytes("vp9", name)
        let parsed = VP9Descriptor(parsing: payload.span)
        return try #require(parsed)
    }

    @Test func `a key frame tells the sizes of its layers`() throws {
        let payload = try Fixtures.bytes("vp9", "key_frame_flexible_with_structure")
        let parsed = VP9Descriptor(parsing: payload.span)
        let descriptor = try #require(parsed)
        #expect(descriptor.isKeyFrame)
        #expect(descriptor.isFlexible)
        #expect(descriptor.beginsFrame)
        #expect(!descriptor.endsFrame)
        #expect(descriptor.pictureID == 0x123)
        #expect(descriptor.pictureIDLength == 15)
        #expect(descriptor.pictureIDOffset == 1)
        #expect(descriptor.tl0PictureIndex == nil)
        #expect(descriptor.headerLength == 13)
        let structure = try #require(descriptor.scalabilityStructure)
        #expect(structure.spatialLayerCount == 2)
        #expect(structure.pictureGroupLength == 0)
        let sizes = (0..<3).map {
            structure.size(ofLayer: $0, in: payload.span).map { [$0.width, $0.height] }
        }
        #expect(sizes == [[320, 180], [640, 360], nil])
    }

    @Test func `a group of pictures is skipped`() throws {
        let descriptor = try parse("key_frame_structure_with_group")
        #expect(descriptor.scalabilityStructure?.spatialLayerCount == 1)
        #expect(descriptor.scalabilityStructure?.pictureGroupLength == 2)
        #expect(descriptor.tl0PictureIndex == 5)
        #expect(descriptor.tl0PictureIndexOffset == 4)
        #expect(descriptor.headerLength == 17)
    }

    @Test func `up to three references are told`() throws {
        let descriptor = try parse("inter_frame_three_references")
        #expect(descriptor.isInterPicturePredicted)
        #expect(!descriptor.isKeyFrame)
        #expect(descriptor.endsFrame)
        #expect(descriptor.pictureID == 5)
        #expect(descriptor.pictureIDLength == 7)
        #expect(descriptor.temporalID == 2)
        #expect(descriptor.switchingUp)
        #expect(descriptor.spatialID == 1)
        #expect(descriptor.interLayerDependency)
        #expect(descriptor.pictureDifferenceCount == 3)
        #expect((0..<3).map { descriptor.pictureDifferences[$0] } == [1, 2, 3])
        #expect(descriptor.headerLength == 6)
    }

    @Test func `an upper spatial layer is no start of a key frame`() throws {
        let descriptor = try parse("upper_spatial_layer_of_key_frame")
        #expect(!descriptor.isInterPicturePredicted)
        #expect(descriptor.spatialID == 1)
        #expect(descriptor.interLayerDependency)
        #expect(!descriptor.isKeyFrame)
    }

    @Test func `the index of the base layer follows in non-flexible mode`() throws {
        let descriptor = try parse("not_flexible_tl0")
        #expect(descriptor.temporalID == 1)
        #expect(descriptor.switchingUp)
        #expect(descriptor.tl0PictureIndex == 0xC8)
        #expect(descriptor.tl0PictureIndexOffset == 3)
        #expect(descriptor.notReferencedByUpperLayers)
        #expect(descriptor.headerLength == 4)
    }

    @Test(arguments: [
        "", "80", "8080", "20", "2000", "50", "5003", "02", "0210", "0208", "020801", "02080104",
    ])
    func `a descriptor that does not fit is refused`(text: String) {
        let isParsed = VP9Descriptor(parsing: hex(text).span) != nil
        #expect(!isParsed)
    }
}
