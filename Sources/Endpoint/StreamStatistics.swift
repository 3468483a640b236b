package import RTP
package import Wire

/// What has become of one received stream so far.
package struct StreamStatistics: Sendable {
    /// Packets in their order, each once, retransmissions that filled a gap included.
    package internal(set) var packets = 0
    package internal(set) var bytes = 0
    /// Packets that never came.
    package internal(set) var lost = 0
    /// Packets that had come before; those that SRTP refuses as replayed are counted by the endpoint.
    package internal(set) var duplicates = 0
    /// Late without having been sent again.
    package internal(set) var reordered = 0
    /// Packets of nothing but padding, which take sequence numbers of their own.
    package internal(set) var padding = 0
    package internal(set) var retransmissions = 0
    /// Retransmissions that filled a gap.
    package internal(set) var recovered = 0
    /// Packets from before the first one or from before the window.
    package internal(set) var tooOld = 0
    /// The sequence numbers jumped so far that the stream was taken for a new one.
    package internal(set) var resets = 0
    /// Packets whose content is not what was sent.
    package internal(set) var corrupted = 0
    /// Frames of which everything came, and those of which something is missing.
    package internal(set) var frames = 0
    package internal(set) var brokenFrames = 0
    package internal(set) var keyFrames = 0
    /// Places at which the sender's running number jumped although no sequence number is missing.
    package internal(set) var contentGaps = 0
    /// How often another source followed, and how often that was not at a key frame.
    package internal(set) var sourceChanges = 0
    package internal(set) var sourceChangesWithoutKeyFrame = 0
    /// Frames whose timestamp was not after that of the one before.
    package internal(set) var timestampRegressions = 0
    /// The largest step of timestamps from one frame to the next, in units of the clock rate.
    package internal(set) var largestTimestampStep: UInt32 = 0
    /// Pictures of VP8 whose numbers do not follow those of the picture before.
    package internal(set) var pictureNumberErrors = 0
    /// The size of the last key frame that told it.
    package internal(set) var size: PictureSize?
    /// What its sender has told last of the delay to play with, and in how many packets.
    package internal(set) var playoutDelay: PlayoutDelay?
    package internal(set) var playoutDelaysTold = 0
    package internal(set) var nacksSent = 0
    package internal(set) var keyFrameRequestsSent = 0
    package internal(set) var senderReports = 0
    package internal(set) var firstFrameAt: Instant?
    package internal(set) var lastFrameAt: Instant?
    /// The longest time from one complete frame to the next.
    package internal(set) var longestPause = Duration.zero
    /// How often a picture stood still for three usual intervals and for 150 ms longer than one while its source stayed the
    /// same, and for how long in all.
    package internal(set) var freezes = 0
    package internal(set) var frozen = Duration.zero
    /// The time from one source's last picture to the next source's first one, of every change.
    package internal(set) var switchPauses = LatencyHistogram()
    /// The running numbers of the source's first and last complete frames; the first is set anew with each source.
    package internal(set) var firstFrameNumber: UInt32?
    package internal(set) var lastFrameNumber: UInt32?
    /// The source of the last packet as its content names it.
    package internal(set) var source: UInt32?
    /// From sending to arrival, repairs included.
    package internal(set) var latency = LatencyHistogram()
    /// What the sender reports make of the last packet's timestamp, minus the time at which it was sent.
    package internal(set) var clockOffset: Duration?

    package init() {}
}
