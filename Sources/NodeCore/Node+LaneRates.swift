import Congestion
import Forwarding
import RTP
import Transcoding
import Wire

// What a lane may take: as much as the best of its viewers' links carries, and no less for the sake of a worse one.
extension Node {
    private static let interval = Duration.milliseconds(200)
    /// A viewer on whose link a lane's rate is this much too high goes on with it unless the link shows a queue or losses.
    private static let tolerance = 1.15
    /// A viewer whose link is so much narrower at most than what others have raised a lane to is one like them: it gets the lane as the
    /// first of them did, whatever the allocator wants to see beyond what it gives away. This is what its budget leaves free.
    private static let likeness = 1.05
    /// The sizes that a weak link is offered.
    private static let tiers = [Tier.p144, .p240, .p360]
    /// Of a source that has not told its size.
    private static let guessedSize = PixelSize(width: 1280, height: 720)

    /// Gives every lane the rate that its viewers' links carry.
    mutating func adaptLanes(at now: Instant) {
        lanes.nextRates = now + Self.interval
        for id in lanes.routes.keys.sorted() {
            guard let route = lanes.routes[id] else { continue }
            var viewers = LaneTable.BestViewers()
            var wanted: Int? = 0
            for downTrack in upTracks[route.track]?.subscribers ?? [] {
                guard let session = downTracks[downTrack]?.session else { continue }
                let side = shortSide(wantedBy: downTrack, of: session, from: route.source)
                wanted = wanted.flatMap { most in side.map { max(most, $0) } }
                let link = sessions[session]?.downlink
                let budget = link.flatMap { subscriberLinks[$0]?.laneBudget }
                viewers.add(link ?? -1, budget.map { Int($0) } ?? .max)
            }
            lanes.routes[id]?.viewers = viewers
            guard let most = viewers.most else { continue }
            let rate = route.offer.rate(within: most)
            let largest = route.offer.largestShortSide(wanted: wanted ?? 0)
            // What is next to nothing is not worth an order.
            let isEnd = rate == route.offer.rates.upperBound && rate != route.target
            guard
                rate * 100 < route.target * 97 || rate * 100 > route.target * 106 || isEnd
                    || largest != route.largestShortSide
            else { continue }
            if largest != route.largestShortSide { lanes.sources[route.source]?.nextChoice = now }
            lanes.routes[id]?.target = rate
            lanes.routes[id]?.largestShortSide = largest
            lanes.orders.append(
                .changeLane(
                    id, source: route.source,
                    LaneTerms(
                        bitsPerSecond: rate, framesPerSecond: route.offer.framesPerSecond(at: rate),
                        largestShortSide: largest)))
        }
    }

    /// What a viewer has room for: by the height that a participant has asked for; watchers of somebody take any size. Nil if it
    /// follows who speaks: each change begins with a key frame, which passes a narrow link sooner if it is small.
    private mutating func shortSide(wantedBy downTrack: Int, of session: Int, from source: UInt32) -> Int? {
        if case .watch(let participant) = sessions[session]?.role { return participant == nil ? nil : .max }
        guard
            let slot = sessions[session]?.participation?.slots.first(where: { $0.downTrack == downTrack }),
            slot.pin != nil
        else { return nil }
        guard let height = slot.height, let track = lanes.sources[source]?.track else { return .max }
        let size = track < layerCache.count ? layerCache[track].options.last?.size : nil
        guard let size, size.isKnown, size.width < size.height else { return height }
        return height * Int(size.width) / Int(size.height)
    }

    /// What a weak link can be sent of a track: lanes, and layers as they are where they are better for their bits.
    mutating func weakOptions(
        of track: Int, for downTrack: Int, on link: Int, at now: Instant
    ) -> LayerOptions {
        let layers = options(of: track, at: now)
        var candidates = (0..<layers.count).map { layers[$0] }
        let largest = self.layers(of: track, at: now).filter(\.size.isKnown)
            .map { PixelSize(width: Int($0.size.width), height: Int($0.size.height)) }
            .max { $0.shortSide < $1.shortSide }
        var former: PixelSize?
        for tier in Self.tiers {
            let size = (largest ?? Self.guessedSize).fitted(toShortSide: tier.shortSide)
            guard size != former else { break }
            former = size
            for grade in tier == .p144 ? [LaneGrade.still, .thin, .whole] : [.whole] {
                let offer = LaneOffer(tier: tier, grade: grade)
                guard let rate = rate(of: offer, of: track, for: downTrack, on: link, at: now) else {
                    continue
                }
                candidates.append(
                    Congestion.LayerOption(
                        bitsPerSecond: offer.bitsOnWire(at: rate), height: size.height,
                        framesPerSecond: Int(offer.framesPerSecond(at: rate)),
                        id: ServedOption.lane(offer).number))
            }
        }
        let place = subscriberLinks[link]?.downTracks.firstIndex(of: downTrack) ?? 0
        let present = subscriberLinks[link]?.allocator.slots[place].choice
        var offered = LayerOptions()
        for (index, candidate) in candidates.enumerated() {
            let isWorse = candidates.enumerated().contains { other, option in
                other != index && !Self.isSameTier(option, candidate) && option.isAtLeast(candidate)
                    && (other > index || !candidate.isAtLeast(option))
            }
            // What is sent stays a choice: a source that is gone would be replaced at once.
            if !isWorse || present == .layer(candidate.id) { offered.insert(candidate) }
        }
        return offered
    }

    /// The budget with which the lane that a weak link's slot is sent would get its highest rate; nil if it has that, or if
    /// it is not sent any.
    mutating func bitsForRaisingLane(on link: Int) -> Int? {
        for slot in subscriberLinks[link]?.allocator.slots ?? [] {
            guard case .layer(let number) = slot.choice, case .lane(let offer) = ServedOption(number: number)
            else { continue }
            let most = offer.bitsOnWire(at: offer.rates.upperBound)
            let budget = subscriberLinks[link]?.laneBudget ?? 0
            // In the terms of the budget that it is taken from.
            return Int(budget) < most ? most + most / 10 : nil
        }
        return nil
    }

    // MARK: - Private

    /// Whether both are lanes of one tier: a grade that takes less is not the better one for it, as the other gets what its
    /// viewers' links carry.
    private static func isSameTier(_ one: Congestion.LayerOption, _ other: Congestion.LayerOption) -> Bool {
        guard case .lane(let one) = ServedOption(number: one.id),
            case .lane(let other) = ServedOption(number: other.id)
        else { return false }
        return one.tier == other.tier
    }

    /// The rate at which a viewer would get a lane: the lowest that it has, unless others raise it; nil if it cannot be had.
    private mutating func rate(
        of offer: LaneOffer, of track: Int, for downTrack: Int, on link: Int, at now: Instant
    ) -> Int? {
        guard let codec = downTracks[downTrack]?.laneCodec?.laneCodec else { return nil }
        guard let id = route(to: offer, of: track, codec), let route = lanes.routes[id] else {
            return whyNoLane(of: track, for: downTrack) == nil ? offer.rates.lowerBound : nil
        }
        guard let others = route.viewers.most(except: link) else { return offer.rates.lowerBound }
        let rate = offer.rate(within: others)
        let isPlaying = downTracks[downTrack]?.source?.track == UInt32(truncatingIfNeeded: route.track)
        let isOverfull = subscriberLinks[link]?.downlink.isOverfull(at: now) == true
        let price = Double(offer.bitsOnWire(at: rate))
        guard !isOverfull, let budget = subscriberLinks[link]?.laneBudget,
            price <= budget * (isPlaying ? Self.tolerance : Self.likeness)
        else { return rate }
        return isPlaying ? offer.rate(within: Int(budget)) : offer.rates.lowerBound
    }
}

extension Congestion.LayerOption {
    /// More pictures a second are a small gain.
    private static let enoughPictures: UInt8 = 10

    /// Whether it shows as much as another one for no more bits.
    fileprivate func isAtLeast(_ other: Self) -> Bool {
        bitsPerSecond <= other.bitsPerSecond && height >= other.height
            && framesPerSecond >= min(other.framesPerSecond, Self.enoughPictures)
    }
}
