package import Wire

/// A source of VP8 frames whose pictures mean nothing: descriptors and frame tags are valid, the rest is
/// `SyntheticContent`. One for each simulcast layer.
package struct SyntheticVideo: Sendable {
    /// One encoding.
    package struct Layer: Sendable {
        /// The RID of a simulcast layer, else nil.
        package var rid: String?
        package var bitsPerSecond: Int

        package init(rid: String? = nil, bitsPerSecond: Int) {
            self.rid = rid
            self.bitsPerSecond = bitsPerSecond
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

        package init() {}
    }

    /// A key frame is so many times larger than others.
    private static let keyFrameFactor = 3

    private let source: UInt32
    private let settings: Settings
    private let bitsPerSecond: Int
    private var number: UInt32 = 0
    private var pictureID: UInt16
    private var isKeyFrameWanted = true
    private var nextKeyFrame: Instant?
    /// How many frames and key frames were made.
    package private(set) var frames: UInt32 = 0
    package private(set) var keyFrames: UInt32 = 0

    /// - Parameter source: names the layer in its content.
    package init(source: UInt32, layer: Layer, settings: Settings, pictureID: UInt16) {
        self.source = source
        self.settings = settings
        bitsPerSecond = layer.bitsPerSecond
        self.pictureID = pictureID & 0x7FFF
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
        let bytes =
            bitsPerSecond / 8 / max(settings.framesPerSecond, 1) * (isKeyFrame ? Self.keyFrameFactor : 1)
        let count = max(1, (bytes + settings.packetBytes - 1) / settings.packetBytes)
        let size = max(bytes / count, 60)
        let payloads = (0..<count).map { index in
            let content = SyntheticContent(
                source: source, number: number &+ UInt32(index), frame: frames, index: UInt16(index),
                count: UInt16(count), sentAt: now)
            return content.payload(behind: header(isFirst: index == 0, isKeyFrame: isKeyFrame), size: size)
        }
        number &+= UInt32(count)
        frames &+= 1
        pictureID = (pictureID + 1) & 0x7FFF
        return payloads
    }

    /// The payload descriptor (RFC 7741 section 4.2) and, in the first packet, the frame tag (RFC 6386 section 9.1).
    private func header(isFirst: Bool, isKeyFrame: Bool) -> [UInt8] {
        var header: [UInt8] = [
            isFirst ? 0x90 : 0x80, 0x80, UInt8(pictureID >> 8) | 0x80, UInt8(truncatingIfNeeded: pictureID),
        ]
        guard isFirst else { return header }
        header += [isKeyFrame ? 0x10 : 0x11, 0, 0]
        // Start code, 320 by 240.
        if isKeyFrame { header += [0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0x00] }
        return header
    }

    /// Where the content of a payload begins; nil if it is not VP8 as made here.
    static func contentOffset(isFrameStart: Bool, isKeyFrame: Bool, descriptorLength: Int) -> Int {
        descriptorLength + (isFrameStart ? (isKeyFrame ? 10 : 3) : 0)
    }
}
