import Codecs
import Transcoding

/// A seeded scene: a textured ground that stands still, a textured square that moves, and noise.
struct TestScene {
    private var state: UInt64
    private var ground: [UInt8]
    private let width: Int
    private let height: Int
    var noise = 0
    /// Pixels a picture.
    var speed = 3

    init(width: Int = 320, height: Int = 180, seed: UInt64) {
        self.width = width
        self.height = height
        state = seed | 1
        ground = []
        cut()
    }

    /// Another scene.
    mutating func cut() {
        // Coarse texture: squares of eight pixels with a gradient.
        let columns = width / 8 + 1
        let tones = (0..<columns * (height / 8 + 1)).map { _ in UInt8(30 + random() % 180) }
        ground = (0..<width * height).map { index in
            let (x, y) = (index % width, index / width)
            return tones[y / 8 * columns + x / 8] &+ UInt8((x + y) % 8)
        }
    }

    mutating func random() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func draw(_ number: Int, into picture: inout Picture) {
        let offset = number * speed % (width - 64)
        var values = ground
        for y in 60..<124 {
            for x in 0..<64 { values[y * width + offset + x] = UInt8(truncatingIfNeeded: 40 + x * 3 ^ y * 2) }
        }
        if noise > 0 {
            for index in values.indices {
                values[index] &+= UInt8(truncatingIfNeeded: random() % UInt64(noise))
            }
        }
        let stride = picture.stride(of: .luma)
        let (width, height) = (width, height)
        picture.withMutablePlane(.luma) { luma in
            for y in 0..<height { for x in 0..<width { luma[y * stride + x] = values[y * width + x] } }
        }
        picture.withMutablePlane(.blueDifference) { plane in
            for index in plane.indices { plane[index] = UInt8(110 + index / 97 % 40) }
        }
    }
}

extension Picture {
    /// A number that two pictures share when all of their pixels are equal.
    func fingerprint() -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for plane in Plane.allCases {
            let (width, height, stride) = (width(of: plane), height(of: plane), stride(of: plane))
            withPlane(plane) { bytes in
                for row in 0..<height {
                    for index in row * stride..<row * stride + width {
                        hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3
                    }
                }
            }
        }
        return hash
    }
}

/// A decoder with a picture of its own size to look at.
struct Viewer: ~Copyable {
    var decoder: VPXDecoder

    init(_ codec: VPXCodec) throws {
        decoder = try VPXDecoder(codec)
    }

    /// Decodes a frame and returns the fingerprint of what is shown; nil if nothing is.
    mutating func watch(_ frame: [UInt8]) throws -> UInt64? {
        guard try decoder.decode(frame.span), let size = decoder.size else { return nil }
        var picture = Picture(width: size.width, height: size.height)
        decoder.scale(into: &picture)
        return picture.fingerprint()
    }
}
