import SDP
import Wire

/// Plays a clip in a loop as RTP payloads; on request it goes on at a key frame. One for each simulcast layer.
struct ClipVideo: Sendable {
    /// After a longer pause the clip goes on from where it stood instead of making up for it.
    private static let patience = Duration.milliseconds(100)

    private let clip: VideoClip
    private let packetBytes: Int
    private var pictureID: UInt16
    private var position = 0
    private var isKeyFrameWanted = false
    /// When the next frame is shown; nil before the start.
    private(set) var due: Instant?
    private(set) var frames: UInt32 = 0
    private(set) var keyFrames: UInt32 = 0

    /// - Parameter packetBytes: the largest payload, descriptor included.
    init(_ clip: VideoClip, packetBytes: Int, pictureID: UInt16) {
        self.clip = clip
        self.packetBytes = max(packetBytes, 64)
        self.pictureID = pictureID & 0x7FFF
    }

    mutating func start(at now: Instant) {
        due = now
    }

    /// Goes on at the next key frame of the clip, which may be its beginning.
    mutating func requestKeyFrame() {
        isKeyFrameWanted = true
    }

    /// The payloads of a frame that is due, and when it is shown: the clip's own intervals, whatever the moment of
    /// sending. nil: none is due.
    mutating func nextFrame(at now: Instant) -> (payloads: [[UInt8]], shownAt: Instant)? {
        guard var shownAt = due, shownAt <= now else { return nil }
        if now - shownAt > Self.patience { shownAt = now }
        if isKeyFrameWanted {
            isKeyFrameWanted = false
            while !clip.frames[position].isKeyFrame { position = (position + 1) % clip.frames.count }
        }
        let frame = clip.frames[position]
        let isLast = position + 1 == clip.frames.count
        let end = isLast ? clip.duration : clip.frames[position + 1].time
        due = shownAt + max(end - frame.time, .milliseconds(1))
        position = isLast ? 0 : position + 1
        frames &+= 1
        if frame.isKeyFrame { keyFrames &+= 1 }
        defer { pictureID = (pictureID + 1) & 0x7FFF }
        return (payloads(of: frame), shownAt)
    }

    /// Cuts a frame into parts of nearly equal size.
    private func payloads(of frame: VideoClip.Frame) -> [[UInt8]] {
        let room = packetBytes - 5
        let count = (frame.bytes.count + room - 1) / room
        return (0..<count).map { index in
            let start = frame.bytes.lowerBound + frame.bytes.count * index / count
            let end = frame.bytes.lowerBound + frame.bytes.count * (index + 1) / count
            let header = descriptor(
                isFirst: index == 0, isLast: index == count - 1, isKeyFrame: frame.isKeyFrame)
            return header + clip.bytes[start..<end]
        }
    }

    private func descriptor(isFirst: Bool, isLast: Bool, isKeyFrame: Bool) -> [UInt8] {
        let id = [UInt8(pictureID >> 8) | 0x80, UInt8(truncatingIfNeeded: pictureID)]
        guard clip.codec != .vp8 else {
            // RFC 7741 section 4.2: X, S; I with 15 bits.
            return [isFirst ? 0x90 : 0x80, 0x80] + id
        }
        // RFC 9628 section 4.2: I, P, F, B, E; in flexible mode P_DIFF says that the frame before is the reference.
        let flags: UInt8 = 0x90 | (isKeyFrame ? 0 : 0x40) | (isFirst ? 0x08 : 0) | (isLast ? 0x04 : 0)
        return [flags] + id + (isKeyFrame ? [] : [0x02])
    }
}
