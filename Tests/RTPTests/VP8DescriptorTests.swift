import Testing

@testable import RTP

@Suite struct VP8DescriptorTests {
    private func parse(_ name: String) throws -> VP8Descriptor {
        let payload = try Fixtures.bytes("vp8", name)
        let parsed = VP8Descriptor(parsing: payload.span)
        return try #require(parsed)
    }

    @Test func `all fields of a key frame are read`() throws {
        let descriptor = try parse("key_frame_all_fields")
        #expect(descriptor.startsPartition)
        #expect(!descriptor.nonReference)
        #expect(descriptor.partitionIndex == 0)
        #expect(descriptor.pictureID == 0x1AC8)
        #expect(descriptor.pictureIDLength == 15)
        #expect(descriptor.pictureIDOffset == 2)
        #expect(descriptor.tl0PictureIndex == 5)
        #expect(descriptor.tl0PictureIndexOffset == 4)
        #expect(descriptor.temporalID == 1)
        #expect(descriptor.layerSync)
        #expect(descriptor.keyIndex == 5)
        #expect(descriptor.headerLength == 6)
        #expect(descriptor.isKeyFrame)
        #expect(descriptor.keyFrameSize?.width == 256)
        #expect(descriptor.keyFrameSize?.height == 144)
    }

    @Test func `a picture identifier may have seven bits`() throws {
        let descriptor = try parse("inter_frame_short_picture_id")
        #expect(descriptor.pictureID == 0x11)
        #expect(descriptor.pictureIDLength == 7)
        #expect(descriptor.pictureIDOffset == 2)
        #expect(descriptor.headerLength == 3)
        #expect(descriptor.tl0PictureIndex == nil)
        #expect(descriptor.keyIndex == nil)
        #expect(!descriptor.isKeyFrame)
    }

    @Test func `an upper temporal layer is marked`() throws {
        let payload = hex("b0 e0 8001 09 a0 310200")
        let parsed = VP8Descriptor(parsing: payload.span)
        let descriptor = try #require(parsed)
        #expect(descriptor.nonReference)
        #expect(descriptor.pictureID == 1)
        #expect(descriptor.tl0PictureIndex == 9)
        #expect(descriptor.temporalID == 2)
        #expect(descriptor.layerSync)
        #expect(descriptor.keyIndex == nil)
        #expect(descriptor.headerLength == 6)
    }

    @Test func `only the start of the first partition can open a key frame`() throws {
        #expect(try !parse("no_extension_second_partition").isKeyFrame)
        #expect(try parse("no_extension_second_partition").partitionIndex == 1)
        let later = VP8Descriptor(parsing: hex("00 10").span)
        #expect(later?.isKeyFrame == false)
        let second = VP8Descriptor(parsing: hex("11 10").span)
        #expect(second?.isKeyFrame == false)
    }

    @Test func `a key frame without start code has no size`() throws {
        let descriptor = try parse("key_frame_wrong_start_code")
        #expect(descriptor.isKeyFrame)
        #expect(descriptor.keyFrameSize == nil)
    }

    @Test func `scaling bits are no part of the size`() throws {
        let parsed = VP8Descriptor(parsing: hex("10 f00200 9d012a 0041 9080").span)
        let descriptor = try #require(parsed)
        #expect(descriptor.keyFrameSize?.width == 256)
        #expect(descriptor.keyFrameSize?.height == 144)
    }

    @Test(arguments: ["", "90", "9080", "908080", "9040", "9020", "9010", "90e01105"])
    func `a descriptor that does not fit is refused`(text: String) {
        let isParsed = VP8Descriptor(parsing: hex(text).span) != nil
        #expect(!isParsed)
    }
}
