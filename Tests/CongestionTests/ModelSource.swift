import Congestion
import Impairment
import Wire

/// A camera with simulcast layers: frames in bursts, sizes that vary, key frames when a layer begins and from time to
/// time.
struct ModelSource {
    /// One layer; the rate is that of its RTP packets.
    struct Layer {
        let bitsPerSecond: Int
        let height: Int
    }

    static let framesPerSecond = 30
    static let largestPacket = 1180
    static let keyFrameFactor = 6.0
    /// From the request to the key frame: to the publisher, its encoder, and back.
    static let keyFrameDelay = Duration.milliseconds(150)
    static let keyFrameInterval = Duration.seconds(10)

    static let simulcast = [
        Layer(bitsPerSecond: 150_000, height: 180), Layer(bitsPerSecond: 500_000, height: 360),
        Layer(bitsPerSecond: 1_200_000, height: 540), Layer(bitsPerSecond: 2_500_000, height: 1080),
    ]

    /// Small steps, so that what is sent follows the estimate closely.
    static let fine = (0..<12).map { step in
        var rate = 150_000.0
        for _ in 0..<step { rate *= 1.27 }
        return Layer(bitsPerSecond: Int(rate), height: 90 + step * 30)
    }

    let layers: [Layer]
    private(set) var current: Int?
    private var target: Int?
    private var keyFrameAt: Instant?
    private var lastKeyFrame: Instant
    private var nextFrame: Instant
    private var isFrozen = false

    init(layers: [Layer], start: Instant) {
        self.layers = layers
        lastKeyFrame = start
        nextFrame = start
    }

    var options: LayerOptions {
        var options = LayerOptions()
        for (index, layer) in layers.enumerated() {
            let packets = max(Self.framesPerSecond, layer.bitsPerSecond / 8 / Self.largestPacket + 15)
            options.insert(
                LayerOption(
                    bitsPerSecond: LayerOption.bitsPerSecondOnWire(
                        layer.bitsPerSecond, packetsPerSecond: packets),
                    height: layer.height, framesPerSecond: Self.framesPerSecond, id: UInt8(index)))
        }
        return options
    }

    /// Sends another layer from its next key frame on; nil: nothing more.
    mutating func select(_ layer: Int?, at now: Instant) {
        guard let layer else {
            current = nil
            target = nil
            return
        }
        guard layer != (target ?? current) else { return }
        target = layer
        keyFrameAt = now + Self.keyFrameDelay
    }

    /// Sends nothing until the next key frame, which is asked for.
    mutating func freeze(at now: Instant) {
        isFrozen = true
        if target == nil { target = current }
        keyFrameAt = keyFrameAt ?? now + Self.keyFrameDelay
    }

    /// The sizes of the RTP packets of a frame, if one is due.
    mutating func frame(at now: Instant, using generator: inout SplitMix64) -> [Int] {
        guard now >= nextFrame else { return [] }
        nextFrame = nextFrame + .nanoseconds(1_000_000_000 / Int64(Self.framesPerSecond))
        var isKeyFrame = false
        if let target, let keyFrameAt, now >= keyFrameAt {
            current = target
            self.target = nil
            self.keyFrameAt = nil
            isFrozen = false
            isKeyFrame = true
        } else if now - lastKeyFrame >= Self.keyFrameInterval {
            isKeyFrame = true
        }
        guard let current, !isFrozen else { return [] }
        if isKeyFrame { lastKeyFrame = now }
        let average = Double(layers[current].bitsPerSecond) / 8 / Double(Self.framesPerSecond)
        // The rest of the second is a little smaller, as encoders see to.
        let size =
            isKeyFrame ? average * Self.keyFrameFactor : average * (0.7 + 0.5 * generator.nextFraction())
        let count = max(1, Int((size / Double(Self.largestPacket)).rounded(.up)))
        return Array(repeating: max(60, Int(size) / count), count: count)
    }
}
