import RTP
import Testing

@Suite struct PacketDescriptionTests {
    @Test func `a VP8 packet tells its layer and its numbers`() {
        // X S; I L T K; picture 0x1234, TL0 0x56, T1 Y key 9; an inter frame.
        let payload = hex("90 f0 9234 56 69 01 0000")
        let packet = PacketDescription(.vp8, payload.span)
        #expect(!packet.isKeyFrameStart && packet.startsFrame && packet.tellsFrameStarts)
        #expect(packet.temporalID == 1 && packet.spatialID == 0)
        #expect(packet.temporalSwitch == .ownLayer)
        #expect(packet.isReferenced && packet.countsEveryPicture)
        #expect(packet.pictureID == 0x1234 && packet.pictureIDLength == 15 && packet.pictureIDOffset == 2)
        #expect(packet.tl0PictureIndex == 0x56 && packet.tl0PictureIndexOffset == 4)
        #expect(packet.keyIndex == 9 && packet.keyIndexOffset == 5)
    }

    @Test func `a VP8 key frame tells its size`() {
        let packet = PacketDescription(.vp8, hex("90 80 05 10 0000 9d012a 4001 b400 ff").span)
        #expect(packet.isKeyFrameStart)
        #expect(packet.pictureIDLength == 7 && packet.pictureID == 5)
        #expect(packet.sizes[0] == PictureSize(width: 320, height: 180))
        #expect(packet.tl0PictureIndexOffset == 0 && packet.keyIndexOffset == 0)
    }

    @Test func `a VP9 packet tells its layers`() {
        // I P L F B E; picture 0x0102; T1 U S2 D; reference 1 back.
        let packet = PacketDescription(.vp9, hex("fc 8102 35 02 00").span)
        #expect(packet.startsFrame && packet.endsFrame && !packet.isKeyFrameStart)
        #expect(packet.temporalID == 1 && packet.spatialID == 2)
        #expect(packet.temporalSwitch == .ownLayer)
        #expect(packet.pictureID == 0x0102 && packet.pictureIDLength == 15)
        #expect(!packet.countsEveryPicture)
    }

    @Test(arguments: VideoCodec.allCases)
    func `nothing is known of an empty payload`(codec: VideoCodec) {
        let nothing: [UInt8] = []
        let packet = PacketDescription(codec, nothing.span)
        #expect(!packet.isKeyFrameStart && !packet.startsFrame && packet.pictureIDLength == 0)
        #expect(packet.spatialID == 0 && packet.temporalID == 0)
    }

    @Test(arguments: [
        // Constrained baseline 640x360 (cropped from 368), as ffmpeg's libx264 writes it.
        ("67 42c01e da 0280 bfe5 c044 0000 0300 0400 0003 00c8 3c58 ba80", UInt16(640), UInt16(360)),
        // The same behind a STAP-A header.
        ("78 0019 67 42c01e da 0280 bfe5 c044 0000 0300 0400 0003 00c8 3c58 ba80 0001 68", 640, 360),
    ])
    func `an H264 parameter set tells the size`(text: String, width: UInt16, height: UInt16) {
        let packet = PacketDescription(.h264, hex(text).span)
        #expect(packet.isKeyFrameStart)
        #expect(packet.sizes[0] == PictureSize(width: width, height: height))
    }

    @Test func `a cut parameter set tells no size and does not trap`() {
        let whole = hex("67 42c01e da 0280 bfe5 c044")
        for length in 0...5 {
            #expect(!PacketDescription(.h264, whole.span.extracting(0..<length)).sizes[0].isKnown)
        }
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<5000 {
            let bytes = [0x67] + (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let size = PacketDescription(.h264, bytes.span).sizes[0]
            #expect(size.width <= 16384 && size.height <= 16384)
        }
    }

    @Test func `AV1 without a descriptor has no layers`() {
        let packet = PacketDescription(.av1, hex("18 00").span)
        #expect(packet.isKeyFrameStart && !packet.tellsFrameStarts && packet.frameNumber == nil)
    }
}
