import Congestion
import Forwarding
import Transcoding

/// A lane as viewers can have it: a tier and a grade of it, and what that takes.
struct LaneOffer: Hashable {
    /// Of each packet: headers of RTP with one extension, and VP8's descriptor; what is below is counted elsewhere.
    private static let packetHeaders = 30
    /// Payload of a packet: `LanePacketizer` makes no longer ones.
    private static let packetBytes = 1100.0
    /// With fewer bits more pictures than that would all be bad.
    private static let fewBits = 36_000
    private static let fewPictures = 10.0
    /// With a voice beside it this is chosen from 64 kbit/s on, and given up below 60.
    private static let thinRate = 27_000
    /// Pictures as good as those of the smallest tier, as far apart as no receiver takes for a loss: after 3 s Chromium asks for
    /// a key frame.
    private static let stillRate = 10_000
    private static let stillPictures = 0.4

    /// What pictures may grow to: beyond, no weak link has the bits for them.
    private static let largestShortSide = 360

    let tier: Tier
    let grade: LaneGrade

    /// Up to which short side its pictures may be larger than its tier for viewers who want so much.
    ///
    /// - Parameter wanted: the short side that the most demanding of them has room for.
    func largestShortSide(wanted: Int) -> Int? {
        let side = min(wanted, Self.largestShortSide)
        return grade == .whole && side > tier.shortSide ? side : nil
    }

    /// In bits per second of encoded pictures.
    var rates: ClosedRange<Int> {
        switch grade {
        case .whole, .exact: (tier == .p144 ? 30_000 : tier.bitsPerSecond * 7 / 10)...tier.bitsPerSecond
        case .thin: Self.thinRate...Self.thinRate
        case .still: Self.stillRate...Self.stillRate
        }
    }

    /// The highest rate of pictures when they get so many bits.
    func framesPerSecond(at bitsPerSecond: Int) -> Double {
        switch grade {
        case .whole, .thin, .exact:
            bitsPerSecond < Self.fewBits ? Self.fewPictures : tier.framesPerSecond
        case .still: Self.stillPictures
        }
    }

    /// What a viewer's link carries for it, all headers included.
    func bitsOnWire(at bitsPerSecond: Int) -> Int {
        let pictures = framesPerSecond(at: bitsPerSecond)
        let full = Double(bitsPerSecond) / 8 / Self.packetBytes
        // One for each picture at least; the last packet of larger ones is half full.
        let packets = Int((pictures / 2 + max(pictures / 2, full)).rounded(.up))
        return Congestion.LayerOption.bitsPerSecondOnWire(
            bitsPerSecond + packets * Self.packetHeaders * 8, packetsPerSecond: packets)
    }

    /// The most that is within `rates` and takes no more of a link; the least of `rates` if that is too much.
    func rate(within bitsOnWire: Int) -> Int {
        // Fewer bits never need more headers.
        let excess = max(self.bitsOnWire(at: rates.upperBound) - bitsOnWire, 0)
        return max(rates.upperBound - excess, rates.lowerBound)
    }
}

/// What the allocator of bits chooses among for a slot, by the numbers under which it knows it.
enum ServedOption: Hashable {
    case layer(Layer)
    case lane(LaneOffer)

    /// The third bit of a spatial layer, of which there are four at most.
    private static let laneBit: UInt8 = 0x20

    init(number: UInt8) {
        let tiers = Tier.allCases
        if number & Self.laneBit != 0, Int(number & 7) < tiers.count,
            let grade = LaneGrade(rawValue: number >> 6)
        {
            self = .lane(LaneOffer(tier: tiers[Int(number & 7)], grade: grade))
        } else {
            self = .layer(Layer(number: number))
        }
    }

    var number: UInt8 {
        switch self {
        case .layer(let layer): layer.number
        case .lane(let offer):
            offer.grade.rawValue << 6 | Self.laneBit
                | UInt8(truncatingIfNeeded: Tier.allCases.firstIndex(of: offer.tier) ?? 0)
        }
    }

    var target: LayerTarget {
        switch self {
        case .layer(let layer): .layer(layer)
        case .lane(let offer): .lane(shortSide: offer.tier.shortSide, grade: offer.grade)
        }
    }
}
