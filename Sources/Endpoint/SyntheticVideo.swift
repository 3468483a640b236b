package import Wire

/// A source of VP8 frames whose pictures mean nothing: descriptors and frame tags are valid, the rest is
/// `SyntheticContent`. One for each simulcast layer.
package struct SyntheticVideo: Sendable {
    /// One encoding.
    package struct Layer: Sendable {
        /// The RID of a simulcast layer, else nil.
        package var rid: String?
        package var bitsPerSecond: Int
        /// What its key frames say, in pixels, 1 to 16383.
        package var width: Int
        package var height: Int

        package init(rid: String? = nil, bitsPerSecond: Int, width: Int = 320, height: Int = 240) {
            self.rid = rid
            self.bitsPerSecond = bitsPerSecond
            self.width = width
            self.height = height
        }
    }

    package struct Settings: Sendable {
        package var framesPerSecond = 25
        /// Lowest first; more than one, or one with a RID, makes simulcast.
        package var layers = [Layer(bitsPerSecond: 500_000)]
        /// The size of full payloads in bytes.
        package var packetBytes = 1100
        /// Key frames without being asked for; nil: only the first one, and on request.
        package var keyFrameInterval: Duration?
        /// Whether each encoding has three temporal layers, with the numbers that tell of them: L1T3 of WebRTC-SVC.
        package var hasTemporalLayers = false

        package init() {}
    }

    /// One picture of the pattern of temporal layers.
    private struct Step {
        let temporalID: UInt8
        /// Whether it refers to the lowest layer alone.
        let isSync: Bool
        /// Its share of four pictures' bytes: 40 %, 20 % and 40 % for the three layers, as Chromium has it.
        let weight: Double

        var isReferenced: Bool { temporalID < 2 }
    }

    private static let pattern = [
        Step(temporalID: 0, isSync: false, weight: 1.6), Step(temporalID: 2, isSync: true, weight: 0.8),
        Step(temporalID: 1, isSync: true, weight: 0.8), Step(temporalID: 2, isSync: false, weight: 0.8),
    ]
    private static let plain = Step(temporalID: 0, isSync: false, weight: 1)

    /// A key frame is so many times larger than others.
    private static let keyFrameFactor = 3.0
    /// The longest descriptor, frame tag and start code.
    private static let longestHeader = 16

    private let source: UInt32
    private let settings: Settings
    private let layer: Layer
    private var number: UInt32 = 0
    private var pictureID: UInt16
    private var tl0PictureIndex: UInt8
    private var keyIndex: UInt8 = 0
    /// Where in the pattern of temporal layers the next frame is.
    private var position = 0
    private var isKeyFrameWanted = true
    private var nextKeyFrame: Instant?
    /// How many frames and key frames were made.
    package private(set) var frames: UInt32 = 0
    package private(set) var keyFrames: UInt32 = 0

    /// - Parameter source: names the layer in its content.
    package init(source: UInt32, layer: Layer, settings: Settings, pictureID: UInt16) {
        self.source = source
        self.settings = settings
        self.layer = layer
        self.pictureID = pictureID & 0x7FFF
        tl0PictureIndex = UInt8(truncatingIfNeeded: pictureID >> 3)
    }

    /// Makes the next frame a key frame.
    package mutating func requestKeyFrame() {
        isKeyFrameWanted = true
    }

    /// The payloads of the next frame, in order.
    package mutating func nextFrame(at now: Instant) -> [[UInt8]] {
        let isKeyFrame = isKeyFrameWanted || nextKeyFrame.map { now >= $0 } ?? false
        isKeyFrameWanted = false
        if isKeyFrame {
            keyFrames += 1
            nextKeyFrame = settings.keyFrameInterval.map { now + $0 }
        }
        if isKeyFrame { position = 0 }
        let step = settings.hasTemporalLayers ? Self.pattern[position % Self.pattern.count] : Self.plain
        position += 1
        if step.temporalID == 0 { tl0PictureIndex &+= 1 }
        if isKeyFrame { keyIndex = (keyIndex + 1) & 0x1F }
        let share = isKeyFrame ? Self.keyFrameFactor : step.weight
        let bytes = Int(Double(layer.bitsPerSecond / 8 / max(settings.framesPerSecond, 1)) * share)
        let count = max(1, (bytes + settings.packetBytes - 1) / settings.packetBytes)
        // Divided as libwebrtc does: the last ones take a byte more each until all are taken.
        let smallest = max(bytes / count, 60)
        let larger = bytes / count >= 60 ? bytes % count : 0
        let payloads = (0..<count).map { index in
            let size = smallest + (index >= count - larger ? 1 : 0)
            let content = SyntheticContent(
                source: source, number: number &+ UInt32(index), frame: frames, index: UInt16(index),
                count: UInt16(count), sentAt: now)
            return content.payload(
                behind: header(step, isFirst: index == 0, isKeyFrame: isKeyFrame), size: size)
        }
        number &+= UInt32(count)
        frames &+= 1
        pictureID = (pictureID + 1) & 0x7FFF
        return payloads
    }

    /// The payload descriptor (RFC 7741 section 4.2) and, in the first packet, the frame tag (RFC 6386 section 9.1).
    private func header(_ step: Step, isFirst: Bool, isKeyFrame: Bool) -> [UInt8] {
        [UInt8](capacity: Self.longestHeader) { header in
            let isDisposable = settings.hasTemporalLayers && !step.isReferenced
            header.append((isFirst ? 0x90 : 0x80) | (isDisposable ? 0x20 : 0))
            header.append(settings.hasTemporalLayers ? 0xF0 : 0x80)
            header.append(UInt8(pictureID >> 8) | 0x80)
            header.append(UInt8(truncatingIfNeeded: pictureID))
            if settings.hasTemporalLayers {
                header.append(tl0PictureIndex)
                header.append(step.temporalID << 6 | (step.isSync || isKeyFrame ? 0x20 : 0) | keyIndex)
            }
            guard isFirst else { return }
            header.append(isKeyFrame ? 0x10 : 0x11)
            header.append(0)
            header.append(0)
            guard isKeyFrame else { return }
            // Start code; width and height, little-endian.
            header.append(0x9D)
            header.append(0x01)
            header.append(0x2A)
            for size in [layer.width, layer.height] {
                header.append(UInt8(truncatingIfNeeded: size))
                header.append(UInt8(truncatingIfNeeded: size >> 8) & 0x3F)
            }
        }
    }

    /// Where the content of a payload begins; nil if it is not VP8 as made here.
    static func contentOffset(isFrameStart: Bool, isKeyFrame: Bool, descriptorLength: Int) -> Int {
        descriptorLength + (isFrameStart ? (isKeyFrame ? 10 : 3) : 0)
    }
}
