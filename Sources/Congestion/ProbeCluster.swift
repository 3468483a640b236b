/// A short burst at a chosen rate that shows whether the link carries that rate.
package struct ProbeCluster: Equatable, Sendable {
    /// 1...31, in turn.
    package var id: UInt8
    package var bitsPerSecond: Int
    /// The bytes to send, headers of IP and UDP included, and the packets that this takes at least.
    package var bytes: Int
    package var minimumPackets: Int

    /// Long enough that jitter does not decide, short enough that a link of half the rate queues 20 ms.
    static let length = 0.04
    static let packets = 8
    private static let packetRange = 150...1100

    init(id: UInt8, bitsPerSecond: Int) {
        self.id = id
        self.bitsPerSecond = bitsPerSecond
        let wanted = Int(Double(bitsPerSecond) / 8 * Self.length)
        minimumPackets = Self.packets
        bytes = max(wanted, Self.packets * Self.packetRange.lowerBound)
    }

    /// The size of a padding packet with headers, so that the burst has enough of them to measure by.
    package var packetBytes: Int {
        min(max(bytes / minimumPackets, Self.packetRange.lowerBound), Self.packetRange.upperBound)
    }
}

/// What a probe found.
package struct ProbeResult: Equatable, Sendable {
    package var cluster: UInt8
    /// The rate at which the burst arrived, or at which it was sent if that was less.
    package var bitsPerSecond: Int
    /// Whether the link held the burst up: it has no more than that.
    package var isLimit: Bool
}

/// What feedback tells of the packets of one cluster.
struct ProbeTally: Sendable {
    private static let enough = 0.8
    /// Arriving slower than this share of sending is a link at its limit.
    private static let limit = 0.9
    private static let margin = 0.95
    /// Arriving this much faster than sending means that the network held the burst back: nothing is learned.
    private static let implausible = 2.5

    let cluster: UInt8
    private var bytes = 0
    private var packets = 0
    private var firstSend = Int64.max
    private var lastSend = Int64.min
    private var firstArrival = Int64.max
    private var lastArrival = Int64.min
    private var lastSendBytes = 0
    private var firstArrivalBytes = 0

    init(cluster: UInt8) {
        self.cluster = cluster
    }

    mutating func add(bytes count: Int, send: Int64, arrival: Int64) {
        bytes += count
        packets += 1
        firstSend = min(firstSend, send)
        if send >= lastSend {
            lastSend = send
            lastSendBytes = count
        }
        lastArrival = max(lastArrival, arrival)
        if arrival < firstArrival {
            firstArrival = arrival
            firstArrivalBytes = count
        }
    }

    /// Once all of the cluster has been told of: `sentBytes` in `sentPackets`.
    func result(sentBytes: Int, sentPackets: Int) -> ProbeResult? {
        guard packets >= 4, Double(packets) >= Self.enough * Double(sentPackets),
            Double(bytes) >= Self.enough * Double(sentBytes), lastSend > firstSend
        else { return nil }
        // What was lost behind the link's narrow part used that as well.
        let share = Double(sentBytes) / Double(bytes)
        let sendRate = Double((bytes - lastSendBytes) * 8) * share * 1e6 / Double(lastSend &- firstSend)
        let arrivalTime = Double(max(lastArrival &- firstArrival, 250))
        let arrivalRate = Double((bytes - firstArrivalBytes) * 8) * share * 1e6 / arrivalTime
        guard arrivalRate < sendRate * Self.implausible || arrivalTime < 5_000 else { return nil }
        if arrivalRate < Self.limit * sendRate {
            return ProbeResult(
                cluster: cluster, bitsPerSecond: Int(Self.margin * arrivalRate), isLimit: true)
        }
        return ProbeResult(
            cluster: cluster, bitsPerSecond: Int(min(arrivalRate, sendRate)), isLimit: false)
    }
}
