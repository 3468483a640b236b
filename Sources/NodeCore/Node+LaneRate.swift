import Congestion
import Forwarding
import Transcoding
import Wire

// How many bits a lane gets: its tier's, or less where its viewers' links do not carry that.
extension Node {
    private static let rateInterval = Duration.seconds(1)
    /// Of the tier's bits, the fewest: one viewer's link must not ruin the picture of all.
    private static let smallestShare = 0.6
    /// Of what a link carries, what pictures may take; headers and repairs take the rest.
    private static let pictureShare = 0.8
    /// Smaller changes are not worth telling.
    private static let smallestChange = 0.1

    /// Lets a lane follow what half of its viewers' links carry, as far as they tell.
    mutating func chooseRate(of id: UInt32, at now: Instant) {
        guard let route = lanes.routes[id] else { return }
        lanes.routes[id]?.nextRate = now + Self.rateInterval
        var estimates: [Int] = []
        for downTrack in upTracks[route.track]?.subscribers ?? [] {
            guard let session = downTracks[downTrack]?.session, let link = sessions[session]?.downlink,
                subscriberLinks[link]?.downlink.estimator.hasFeedback == true,
                let estimate = subscriberLinks[link]?.downlink.videoBitsPerSecond(at: now)
            else { continue }
            estimates.append(estimate)
        }
        guard !estimates.isEmpty else { return }
        estimates.sort()
        let affordable = Double(estimates[estimates.count / 2]) * Self.pictureShare
        let nominal = Double(route.tier.bitsPerSecond)
        let target = Int(min(nominal, max(nominal * Self.smallestShare, affordable)))
        let present = Double(route.targetBitsPerSecond)
        guard
            abs(Double(target) - present) > present * Self.smallestChange
                || target == route.tier.bitsPerSecond && target != route.targetBitsPerSecond
        else { return }
        lanes.routes[id]?.targetBitsPerSecond = target
        lanes.orders.append(
            .changeLane(
                id, source: route.source, bitsPerSecond: target, framesPerSecond: route.tier.framesPerSecond))
    }
}
