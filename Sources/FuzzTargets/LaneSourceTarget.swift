import Codecs
import RTP
import Transcoding
import Wire

/// A source of a lane: packets, put together to encoded pictures, decoded, and scaled.
///
/// The first byte says the codec. Then comes one packet after the other: a byte for its marker (bit 0), a new timestamp
/// (bit 1), 100 ms that pass (bit 2) and how many sequence numbers are left out (bits 4 to 7); two bytes for the length of
/// its payload, the higher one first; and the payload.
enum LaneSourceTarget {
    /// A decoder needs milliseconds for a picture, however small.
    private static let pictureLimit = 40

    /// Returns how many pictures could be shown.
    @discardableResult static func run(_ input: Span<UInt8>) -> Int {
        guard input.count > 1 else { return 0 }
        let isVP9 = input[0] & 1 == 1
        guard var decoder = try? VPXDecoder(isVP9 ? .vp9 : .vp8) else { return 0 }
        var assembler = FrameAssembler(isVP9 ? .vp9 : .vp8)
        var picture = Picture(width: 64, height: 36)
        var now = Instant(nanoseconds: 0)
        var sequence: UInt16 = 65_530
        var timestamp: UInt32 = 4_294_960_000
        var pictures = 0
        var shown = 0
        var offset = 1
        while offset + 3 <= input.count, pictures < pictureLimit {
            let control = input[offset]
            let end = min(offset + 3 + Int(input[offset + 1]) << 8 + Int(input[offset + 2]), input.count)
            sequence &+= 1 &+ UInt16(control >> 4)
            if control & 2 != 0 { timestamp &+= 3000 }
            if control & 4 != 0 { now = now + .milliseconds(100) }
            let packet = packet(
                input.extracting(offset + 3..<end), sequence: sequence, timestamp: timestamp,
                hasMarker: control & 1 != 0)
            offset = end
            guard let header = RTPHeader(parsing: packet.span) else { continue }
            assembler.receive(packet.span, header, at: now)
            while let frame = assembler.nextFrame(at: now) {
                precondition(frame.bytes.count <= input.count, "a picture is made of its packets")
                pictures += 1
                if show(frame, by: &decoder, in: &picture, &assembler) { shown += 1 }
            }
        }
        return shown
    }

    private static func show(
        _ frame: EncodedFrame, by decoder: inout VPXDecoder, in picture: inout Picture,
        _ assembler: inout FrameAssembler
    ) -> Bool {
        do throws(CodecError) {
            guard try decoder.decode(frame.bytes.span), let size = decoder.size else { return false }
            precondition(
                size.width * size.height <= VPXDecoder.pixelLimit, "larger pictures are an error")
            decoder.scale(into: &picture)
            return true
        } catch {
            assembler.requireKeyFrame()
            return false
        }
    }

    private static func packet(
        _ payload: Span<UInt8>, sequence: UInt16, timestamp: UInt32, hasMarker: Bool
    ) -> [UInt8] {
        [UInt8](capacity: 12 + payload.count) { output in
            output.append(0x80)
            output.append(hasMarker ? 0xE0 : 0x60)
            output.append(UInt8(truncatingIfNeeded: sequence >> 8))
            output.append(UInt8(truncatingIfNeeded: sequence))
            for shift in [24, 16, 8, 0] as [UInt32] {
                output.append(UInt8(truncatingIfNeeded: timestamp >> shift))
            }
            for byte in [0, 0, 0, 1] as [UInt8] { output.append(byte) }
            for index in payload.indices { output.append(payload[index]) }
        }
    }
}
