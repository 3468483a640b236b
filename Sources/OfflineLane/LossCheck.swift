import Codecs
import Impairment
import Transcoding

/// One viewer who loses frames and is never sent them again: how it recovers, and whether it then shows what somebody shows who
/// has seen everything.
///
///     following --frame lost--> broken --resync frame, or key frame--> following
///     broken without the anchor --cached key frame and resync frame--> following
package struct LossCheck: ~Copyable {
    /// What it has shown.
    package struct Report: Codable, Sendable, Equatable {
        package internal(set) var frames = 0
        package internal(set) var lostFrames = 0
        /// Times at which the picture stood still, however many frames were lost then.
        package internal(set) var interruptions = 0
        package internal(set) var recoveries = 0
        /// Those of them that needed the cached key frame, too.
        package internal(set) var recoveriesWithAnchor = 0
        package internal(set) var meanRecoverySeconds = 0.0
        package internal(set) var longestRecoverySeconds = 0.0
        package internal(set) var comparedPictures = 0
        package internal(set) var differentPictures = 0
        package internal(set) var decoderErrors = 0

        /// Whether nothing wrong was shown.
        package var isProven: Bool { differentPictures == 0 && decoderErrors == 0 }
    }

    private enum State {
        case following
        case broken(since: Double, hasAnchor: Bool)
    }

    private let share: Double
    private var random: SplitMix64
    private var viewer: Viewer
    private var state = State.broken(since: 0, hasAnchor: false)
    private var recoverySeconds = 0.0
    private(set) var report = Report()

    /// - Parameter share: of the frames, 0 to 1.
    init(_ codec: VPXCodec, share: Double, seed: UInt64) throws(CodecError) {
        self.share = share
        random = SplitMix64(seed: seed)
        viewer = try Viewer(codec)
    }

    /// Whether the viewer asks for a picture to go on from.
    var isWaiting: Bool {
        switch state {
        case .following: false
        case .broken: report.frames > 0
        }
    }

    /// Takes the next frame, or loses it. The first one always comes.
    mutating func take(_ frame: LaneFrame, at seconds: Double, reference: borrowing Viewer) {
        report.frames += 1
        guard report.frames == 1 || random.nextFraction() >= share else {
            report.lostFrames += 1
            lose(frame, at: seconds)
            return
        }
        switch state {
        case .following:
            show(frame.bytes)
        case .broken(let since, let hasAnchor):
            switch frame.kind {
            case .delta: return
            case .key: break
            case .resync:
                if !hasAnchor {
                    guard let anchor = frame.anchor else { return }
                    show(anchor)
                    report.recoveriesWithAnchor += 1
                }
            }
            show(frame.bytes)
            state = .following
            guard report.frames > 1 else { break }
            report.recoveries += 1
            recoverySeconds += seconds - since
            report.meanRecoverySeconds = recoverySeconds / Double(report.recoveries)
            report.longestRecoverySeconds = max(report.longestRecoverySeconds, seconds - since)
        }
        report.comparedPictures += 1
        if !viewer.showsTheSame(as: reference) { report.differentPictures += 1 }
    }

    private mutating func lose(_ frame: LaneFrame, at seconds: Double) {
        switch state {
        case .following:
            state = .broken(since: seconds, hasAnchor: frame.kind != .key)
            report.interruptions += 1
        case .broken(let since, let hasAnchor):
            state = .broken(since: since, hasAnchor: hasAnchor && frame.kind != .key)
        }
    }

    private mutating func show(_ bytes: [UInt8]) {
        do throws(CodecError) { try viewer.show(bytes) } catch { report.decoderErrors += 1 }
    }
}
