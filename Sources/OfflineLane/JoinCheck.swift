import BasicContainers
import Codecs
import Impairment
import Transcoding

/// Viewers that join at random times: whether each of them shows, from its first picture on, exactly what somebody shows who
/// has seen everything.
///
/// Who starts with the same frames decodes the same bytes, so those share a decoder here.
package struct JoinCheck: ~Copyable {
    /// What it has shown.
    package struct Report: Codable, Sendable, Equatable {
        package internal(set) var joins = 0
        /// Those that have got a picture.
        package internal(set) var started = 0
        /// Moments at which one or more of them started.
        package internal(set) var starts = 0
        package internal(set) var comparedPictures = 0
        package internal(set) var differentPictures = 0
        package internal(set) var decoderErrors = 0
        package internal(set) var longestWaitSeconds = 0.0
        package internal(set) var meanWaitSeconds = 0.0

        /// Whether all that could start did so, and showed nothing wrong.
        package var isProven: Bool {
            differentPictures == 0 && decoderErrors == 0 && longestWaitSeconds <= JoinCheck.patience
                && (joins == 0 || started > 0)
        }
    }

    /// The longest that a join may wait for its first picture, in seconds: resync frames come every 2 s at most.
    package static let patience = 2.5

    private let codec: VPXCodec
    /// In seconds, the last one first.
    private var times: [Double]
    private var waiting: [Double] = []
    /// One for each moment at which somebody started.
    private var viewers = UniqueArray<Viewer>()
    private var waitedSeconds = 0.0
    private(set) var report = Report()

    /// - Parameter seconds: how long the source lasts, as far as known.
    init(_ codec: VPXCodec, joins: Int, within seconds: Double, using random: inout SplitMix64) {
        self.codec = codec
        // Who comes at the very end sees nothing any more.
        let span = max(seconds - Self.patience, seconds / 2)
        var drawn: [Double] = []
        for _ in 0..<joins { drawn.append(random.nextFraction() * span) }
        times = drawn.sorted(by: >)
        report.joins = joins
    }

    /// Lets those join whose time has come. Returns whether somebody waits for a picture.
    mutating func advance(to seconds: Double) -> Bool {
        while let time = times.last, time <= seconds {
            waiting.append(time)
            times.removeLast()
        }
        return !waiting.isEmpty
    }

    /// Takes a frame that all have got.
    mutating func take(_ frame: LaneFrame, at seconds: Double, reference: borrowing Viewer) {
        // Viewers and report are parts of one value: a change of both at once needs a copy of one.
        var report = self.report
        defer { self.report = report }
        for index in 0..<viewers.count {
            Self.show(frame.bytes, in: &viewers[index], &report)
            Self.compare(viewers[index], with: reference, &report)
        }
        guard !waiting.isEmpty, frame.kind == .key || frame.kind == .resync && frame.anchor != nil else {
            return
        }
        guard var viewer = try? Viewer(codec) else {
            report.decoderErrors += 1
            return
        }
        if frame.kind == .resync, let anchor = frame.anchor { Self.show(anchor, in: &viewer, &report) }
        Self.show(frame.bytes, in: &viewer, &report)
        Self.compare(viewer, with: reference, &report)
        viewers.append(viewer)
        for time in waiting {
            report.longestWaitSeconds = max(report.longestWaitSeconds, seconds - time)
            waitedSeconds += seconds - time
        }
        report.started += waiting.count
        report.starts += 1
        report.meanWaitSeconds = waitedSeconds / Double(report.started)
        waiting.removeAll()
    }

    /// To be called at the end: those who still wait have waited until then.
    mutating func finish(at seconds: Double) {
        for time in waiting { report.longestWaitSeconds = max(report.longestWaitSeconds, seconds - time) }
    }

    private static func show(_ bytes: [UInt8], in viewer: inout Viewer, _ report: inout Report) {
        do throws(CodecError) { try viewer.show(bytes) } catch { report.decoderErrors += 1 }
    }

    private static func compare(
        _ viewer: borrowing Viewer, with reference: borrowing Viewer, _ report: inout Report
    ) {
        report.comparedPictures += 1
        if !viewer.showsTheSame(as: reference) { report.differentPictures += 1 }
    }
}
