package import Codecs

/// What the thread of mixes is asked for. Rooms, voices and mixes are named by numbers that are never used again.
package enum MixOrder: Sendable {
    case openRoom(UInt32)
    /// Ends the room's voices and mixes, too.
    case closeRoom(UInt32)
    case addVoice(UInt32, room: UInt32)
    case removeVoice(UInt32, room: UInt32)
    case packet(VoicePacket, voice: UInt32, room: UInt32)
    /// A mix of all voices but one, or of all.
    case addMix(UInt32, room: UInt32, without: UInt32?, VoiceEncoding)
    case removeMix(UInt32, room: UInt32)
    case changeMix(UInt32, room: UInt32, VoiceEncoding)
    /// Somebody waits for the mix: its next frame is sent even if nothing is heard in it.
    case wake(UInt32, room: UInt32)
}

/// What the thread of mixes tells.
package enum MixReport: Sendable {
    case packet(MixPacket, mix: UInt32)
    /// A voice is no Opus that can be decoded, and is left out from now on.
    case undecodable(voice: UInt32)
    /// A voice sounds although its sender always says that it is silent: what that one says of its loudness means nothing. It is
    /// heard from a moment later on, so that its speaker can be given a mix without it.
    case unlevelled(voice: UInt32)
    /// libopus does not begin, or there is no time for the room's mixes; nothing comes of it any more.
    case failed(room: UInt32, reason: String)
    /// Which timestamp of a voice is heard at which of its room's mixes, about once a second.
    case heard(voice: UInt32, timestamp: UInt32, as: UInt32)
    /// How voices and mixes do, about once a second.
    case voiceStatistics(UInt32, VoiceStatistics)
    case mixStatistics(UInt32, MixStatistics)
}

/// One packet of a mix.
package struct MixPacket: Sendable, Equatable {
    /// Opus.
    package let payload: [UInt8]
    /// Of 48 kHz; it goes on through frames that were not sent.
    package let timestamp: UInt32
    /// Whether frames before it were not sent (RFC 7587 section 4.1: the marker).
    package let endsPause: Bool
}
