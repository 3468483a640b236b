/// What became of a voice since it came into a mix.
package struct VoiceStatistics: Sendable, Equatable {
    package var packets: UInt64 = 0
    /// Came when their time was over.
    package var latePackets: UInt64 = 0
    /// Not Opus, or too broken to be decoded.
    package var damagedPackets: UInt64 = 0
    /// Lost ones that the packet after them had a copy of.
    package var recoveredPackets: UInt64 = 0
    /// Sound that was made up for what was lost or late.
    package var concealed = Duration.zero
    /// Pauses of speech that were left out, since the delay had become longer than it need be.
    package var shortened = Duration.zero
    /// What decoding took.
    package var decodeTime = Duration.zero
    /// From a packet's arrival to its being heard, at present.
    package var delay = Duration.zero

    package init() {}
}

/// What became of a mix since it began.
package struct MixStatistics: Sendable, Equatable {
    package var packets: UInt64 = 0
    /// Of Opus, without headers.
    package var bytes: UInt64 = 0
    /// Frames in which nothing was heard: they were not sent.
    package var silentFrames: UInt64 = 0
    /// What mixing and encoding took.
    package var encodeTime = Duration.zero

    package init() {}
}
