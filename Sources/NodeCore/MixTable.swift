import Codecs
import Mixing
import Wire

/// The rooms whose voices are mixed here, for those whose links carry one voice only.
///
/// The node chooses voices and listeners, and sends what comes back; decoding, mixing and encoding is done elsewhere: it hands out
/// `MixOrder`s and is handed `MixReport`s.
struct MixTable {
    /// A source that is in a room's mixes.
    struct Voice {
        let id: UInt32
        /// The slot number of the up track.
        let track: Int
        /// The slot number of the publisher's session.
        let session: Int
        /// When it was heard last; nil if it was not heard for some time. While it is heard, its speaker is given a mix
        /// without it.
        var lastHeard: Instant?
        /// Whether its sender tells how loud it is; one that always says that it is silent tells nothing.
        var hasLevels = true
        var statistics = VoiceStatistics()
    }

    /// What listeners are sent.
    struct Mix {
        let id: UInt32
        /// The slot number of the up track that its packets make.
        let track: Int
        /// The voice that is left out; nil in the mix of all.
        let without: UInt32?
        var packetizer: MixPacketizer
        var encoding = VoiceEncoding()
        /// The worst loss of a listener, of 256, since the last look.
        var worstLoss: UInt8 = 0
        /// Smoothed, in percent.
        var expectedLoss = 0
        var statistics = MixStatistics()
        /// Between the last two reports.
        var bitsPerSecond = 0
        var toldAt: Instant?
    }

    struct Room {
        let id: UInt32
        var voices: [Voice] = []
        /// The first is the mix of all.
        var mixes: [Mix] = []
        /// Since when nobody listens.
        var idleSince: Instant?

        func voice(_ id: UInt32) -> Int? { voices.firstIndex { $0.id == id } }
        func mix(_ id: UInt32) -> Int? { mixes.firstIndex { $0.id == id } }
    }

    static let payloadType: UInt8 = 111

    /// By the slot number of the room.
    var rooms: [Int: Room] = [:]
    /// The slot number of the room, by voice and by mix.
    var roomsByVoice: [UInt32: Int] = [:]
    var roomsByMix: [UInt32: Int] = [:]
    var orders: [MixOrder] = []
    /// Until when a track is left out, by its slot number and generation: it cannot be decoded.
    var refused: [Int: (generation: UInt32, until: Instant)] = [:]
    /// Until when a room gets no mix: its thread is too busy, or libopus cannot be had.
    var refusedRooms: [RoomID: Instant] = [:]
    var nextCheck = Instant(nanoseconds: .min)
    var nextLossCheck = Instant(nanoseconds: .min)
    private var lastID: UInt32 = 0

    mutating func newID() -> UInt32 {
        lastID += 1
        return lastID
    }
}
