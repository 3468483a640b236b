import Codecs
import RTP
import SDP
import Transcoding
import Wire

/// Which sources are transcoded here, and the lanes that come of them.
///
/// The node puts packets together to encoded pictures and sends what comes back; decoding and encoding is done elsewhere: it
/// hands out `LaneOrder`s and is handed `LaneReport`s.
struct LaneTable {
    /// A source with a transcoder.
    struct Source {
        /// The slot number of the up track.
        let track: Int
        let codec: VideoCodec
        /// The encoding that is decoded.
        var encoding: Int
        var assembler: FrameAssembler
        /// Another encoding that takes over with its next key frame.
        var successor: (encoding: Int, assembler: FrameAssembler)?
        var nextChoice: Instant
        /// Encoded pictures in a row that could not be decoded, and that were dropped.
        var damaged = 0
        var dropped = 0
        var intake = LaneIntake()
        var arrivals = PictureArrivals()
        var clock = EncodingClock()
    }

    /// A lane, seen from the node.
    struct Route {
        let source: UInt32
        /// The slot number of the up track that its frames make.
        let track: Int
        let offer: LaneOffer
        let codec: VPXCodec
        var packetizer: LanePacketizer
        /// What it is to take, of its offer's rates.
        var target: Int
        /// What its pictures may grow to; nil: its tier's size.
        var largestShortSide: Int?
        /// Whose link carries most for it, and how much that and the next one are; see `BestViewers`.
        var viewers = BestViewers()
        /// Since when nobody watches it.
        var idleSince: Instant?
        var statistics = LaneStatistics()
        var effort = Effort.realtime
        /// Bits per second and pictures per second, between the last two reports.
        var bitsPerSecond = 0
        var framesPerSecond = 0.0
        var toldAt: Instant?
        var delay = LaneDelay()

        var tier: Tier { offer.tier }
    }

    /// Those of a lane's viewers whose links carry most, in bits on the wire.
    struct BestViewers {
        private var best: (link: Int, bits: Int)?
        private var second: Int?

        var most: Int? { best?.bits }

        mutating func add(_ link: Int, _ bits: Int) {
            if let best, best.bits >= bits {
                second = max(second ?? 0, bits)
            } else {
                second = best?.bits ?? second
                best = (link, bits)
            }
        }

        /// What the best link but this one carries; nil if there is no other.
        func most(except link: Int) -> Int? { best?.link == link ? second : best?.bits }
    }

    static let payloadType: UInt8 = 96

    var sources: [UInt32: Source] = [:]
    var routes: [UInt32: Route] = [:]
    var orders: [LaneOrder] = []
    /// Until when no lane is made of a track, by its slot number and generation: there is no CPU, or it cannot be decoded.
    var refused: [Int: (generation: UInt32, until: Instant, reason: ConferenceSnapshot.Slot.Reason)] = [:]
    /// When those who were refused are looked at again.
    var nextRetry: Instant?
    /// When lanes are next given the rates that their viewers' links carry.
    var nextRates = Instant(nanoseconds: .min)
    private var lastID: UInt32 = 0

    mutating func newID() -> UInt32 {
        lastID += 1
        return lastID
    }

    /// The lane of a track, by the slot number of the up track that it makes.
    func route(ofTrack track: Int) -> UInt32? {
        for (id, route) in routes where route.track == track { return id }
        return nil
    }
}

extension Codec {
    /// The codec of lanes, if it is one.
    var laneCodec: VPXCodec? {
        switch self {
        case .vp8: .vp8
        case .vp9(profile: 0): .vp9
        case .vp9, .opus, .h264, .av1: nil
        }
    }
}
