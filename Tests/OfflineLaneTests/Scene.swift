import Codecs
import Impairment

/// Pictures that need no file: a gradient with a little noise, and a bright block that moves over it.
struct Scene {
    let width: Int
    let height: Int
    private var random = SplitMix64(seed: 7)

    init(width: Int = 192, height: Int = 144) {
        self.width = width
        self.height = height
    }

    /// The picture of this number; from `stillFrom` on nothing moves any more, and there is no noise.
    mutating func draw(_ number: Int, stillFrom: Int = .max, into picture: inout Picture) {
        let isStill = number >= stillFrom
        let step = min(number, stillFrom)
        for plane in Picture.Plane.allCases {
            let (width, height, stride) =
                (picture.width(of: plane), picture.height(of: plane), picture.stride(of: plane))
            let block = (step * 3 % (width - 24), height / 3)
            picture.withMutablePlane(plane) { samples in
                for row in 0..<height {
                    for column in 0..<width {
                        let isBlock =
                            (block.0..<block.0 + 24).contains(column)
                            && (block.1..<block.1 + 24).contains(row)
                        let noise = isStill ? 0 : Int(random.next() & 3)
                        let value = isBlock ? 200 + (row + column) % 32 : 60 + (row + column) / 3 + noise
                        samples[row * stride + column] = UInt8(clamping: value)
                    }
                }
            }
        }
    }
}
