package import Codecs

/// A tone as somebody who speaks sends it: a second of Opus packets of 20 ms that can be sent in a loop, so that a load of many costs
/// no more than silence does.
package struct Tone: Sendable {
    /// What is left out before the loop: the encoder has to settle.
    private static let lead = 25
    private static let count = 50

    /// Each one frame of 20 ms.
    package let packets: [[UInt8]]

    /// - Parameters:
    ///   - hertz: whole, so that the loop has no seam; 50 to 7000.
    ///   - level: how loud it is on average, in dB below full scale (RFC 6464); 3 is the loudest that a tone can be.
    package init(hertz: Int, level: UInt8) throws(CodecError) {
        precondition((50...7000).contains(hertz), "a tone that is heard in wide band")
        var encoding = VoiceEncoding()
        encoding.frameLength = .milliseconds20
        encoding.bitsPerSecond = 20_000
        var encoder = try OpusEncoder(encoding)
        // A decibel at a time.
        let amplitude = (0..<level).reduce(2.squareRoot()) { loudness, _ in loudness * 0.891_250_938 }
        let samples = encoding.frameLength.samples
        let step = Self.turn(2 * .pi * Double(hertz) / 48_000)
        var point = (x: 1.0, y: 0.0)
        var packets: [[UInt8]] = []
        for number in 0..<Self.lead + Self.count {
            let sound = (0..<samples).map { _ in
                defer { point = (point.x * step.x - point.y * step.y, point.x * step.y + point.y * step.x) }
                return Float(min(amplitude, 0.98) * point.y)
            }
            var packet: [UInt8] = []
            _ = try encoder.encode(sound.span, into: &packet)
            if number >= Self.lead { packets.append(packet) }
        }
        self.packets = packets
    }

    /// The point of the unit circle at an angle of less than a quarter turn, by its series: cosine and sine.
    static func turn(_ angle: Double) -> (x: Double, y: Double) {
        var sum = (x: 0.0, y: 0.0)
        var term = 1.0
        for number in 0..<20 {
            let signed = number & 2 == 0 ? term : -term
            if number & 1 == 0 { sum.x += signed } else { sum.y += signed }
            term *= angle / Double(number + 1)
        }
        return sum
    }
}
