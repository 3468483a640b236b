import Codecs
import Glibc
import Mixing
import Wire

/// Sounds of known content, and what there is of it in others.
enum Signals {
    static func tone(_ hertz: Double, amplitude: Float, from start: Int, count: Int) -> [Float] {
        (start..<start + count).map { index in
            amplitude * Float(sin(2 * Double.pi * hertz * Double(index) / 48000))
        }
    }

    /// Something like a voice: a gliding tone with overtones that comes and goes.
    static func voice(pitch: Double = 150, from start: Int, count: Int, amplitude: Double = 0.1) -> [Float] {
        (start..<start + count).map { index in
            let time = Double(index) / 48000
            let phase = 2 * Double.pi * (pitch * time + 6 * sin(2 * Double.pi * 1.3 * time))
            let loudness = max(0, sin(2 * Double.pi * 2.5 * time))
            let sum = sin(phase) + 0.6 * sin(2 * phase) + 0.5 * sin(3 * phase) + 0.4 * sin(7 * phase)
            return Float(amplitude * loudness * sum)
        }
    }

    static func power(_ samples: [Float]) -> Float {
        samples.reduce(0) { $0 + $1 * $1 } / Float(max(samples.count, 1))
    }

    /// The mean square of the part of one frequency, by a Hann window.
    static func power(of hertz: Double, in samples: [Float]) -> Float {
        var (real, imaginary) = (0.0, 0.0)
        let count = Double(samples.count)
        for (index, sample) in samples.enumerated() {
            let window = 1 - cos(2 * Double.pi * Double(index) / count)
            let phase = 2 * Double.pi * hertz * Double(index) / 48000
            real += Double(sample) * window * cos(phase)
            imaginary += Double(sample) * window * sin(phase)
        }
        return Float((real * real + imaginary * imaginary) * 2 / (count * count))
    }

    /// Of full scale.
    static func decibels(_ power: Float) -> Float { 10 * log10(max(power, 1e-20)) }
}

/// A speaker: sound that is encoded and sent at its time.
struct Speaker: ~Copyable {
    private var encoder: OpusEncoder
    let length: VoiceEncoding.FrameLength
    private var number = 0
    private var sequenceNumber: UInt16
    private let firstTimestamp: UInt32
    let sound: (_ start: Int, _ count: Int) -> [Float]

    init(
        _ length: VoiceEncoding.FrameLength = .milliseconds20, bitsPerSecond: Int = 32_000,
        expectedLoss: Int = 0, firstSequenceNumber: UInt16 = 65_500, firstTimestamp: UInt32 = .max - 50_000,
        sound: @escaping (_ start: Int, _ count: Int) -> [Float]
    ) throws {
        var encoding = VoiceEncoding()
        encoding.frameLength = length
        encoding.bitsPerSecond = bitsPerSecond
        encoding.expectedLoss = expectedLoss
        encoder = try OpusEncoder(encoding)
        self.length = length
        self.sound = sound
        sequenceNumber = firstSequenceNumber
        self.firstTimestamp = firstTimestamp
    }

    /// The next packet, unless nothing is said.
    mutating func next(at now: Instant, level: UInt8? = 30) throws -> VoicePacket? {
        let start = number * length.samples
        number += 1
        var payload: [UInt8] = []
        guard case .packet = try encoder.encode(sound(start, length.samples).span, into: &payload) else {
            return nil
        }
        defer { sequenceNumber &+= 1 }
        return VoicePacket(
            sequenceNumber: sequenceNumber, timestamp: firstTimestamp &+ UInt32(start), payload: payload,
            level: level, arrival: now)
    }
}
