import Congestion
import Impairment
import Wire

/// What a run of a scenario has shown.
struct Record {
    /// One flow in a tenth of a second.
    struct Sample {
        var second: Double
        var estimate: Int
        var sent: Double
        var arrived: Double
        /// Of the slot or slots, summed.
        var height: Int
    }

    let scenario: Scenario
    private(set) var samples: [[Sample]]
    /// Milliseconds above the link's own delay, by time of arrival.
    private(set) var delays: [(second: Double, milliseconds: Double)] = []
    private(set) var switches: [[(second: Double, slot: Int, choice: AllocatedSlot.Choice)]] = []
    private(set) var queueDrops: [Int] = []
    private(set) var paddingBytes: [Int] = []
    private(set) var lost = 0
    private var arrivedBytes: [Int]
    private var lastSent: [Int]

    init(scenario: Scenario) {
        self.scenario = scenario
        samples = scenario.flows.map { _ in [] }
        arrivedBytes = scenario.flows.map { _ in 0 }
        lastSent = scenario.flows.map { _ in 0 }
    }

    mutating func arrival(flow: Int, kind: PacketKind, bytes: Int, delay: Duration, at millisecond: Int) {
        delays.append((Double(millisecond) / 1000, Double(delay.nanoseconds) / 1e6))
        // Padding is no use to anybody.
        if kind != .padding { arrivedBytes[flow] += bytes }
    }

    mutating func sample(_ sender: ModelSender, flow: Int, at millisecond: Int) {
        samples[flow].append(
            Sample(
                second: Double(millisecond + 1) / 1000, estimate: sender.downlink.bitsPerSecond,
                sent: Double((sender.sentBytes - lastSent[flow]) * 80),
                arrived: Double(arrivedBytes[flow] * 80),
                height: sender.heights.reduce(0, +)))
        lastSent[flow] = sender.sentBytes
        arrivedBytes[flow] = 0
    }

    mutating func finish(_ senders: [ModelSender], link: LinkEmulator.Counters) {
        queueDrops = senders.map(\.queueDrops)
        paddingBytes = senders.map(\.paddingBytes)
        lost = link.lost + link.droppedByQueue
        switches = senders.map { sender in
            sender.switches.map {
                ((($0.time - Scenario.start).nanoseconds / 1_000_000).seconds, $0.slot, $0.choice)
            }
        }
    }

    /// Useful bits per second that arrived in a span of seconds.
    func goodput(_ span: Range<Double>, flow: Int = 0) -> Double {
        let within = samples[flow].filter { span.contains($0.second) }
        return within.reduce(0) { $0 + $1.arrived } / Double(max(within.count, 1))
    }

    /// The delay that a share of the packets that arrive in `span` stay below, in milliseconds.
    func delay(percentile: Double, _ span: Range<Double>) -> Double {
        let sorted = delays.filter { span.contains($0.second) }.map(\.milliseconds).sorted()
        guard !sorted.isEmpty else { return .infinity }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * percentile))]
    }

    /// The first second in `span` from which on the height stays at `wanted` for five seconds.
    func settled(at wanted: Int, _ span: Range<Double>, flow: Int = 0) -> Double? {
        var since: Double?
        for sample in samples[flow] where span.contains(sample.second) {
            if sample.height == wanted {
                let start = since ?? sample.second
                since = start
                if sample.second - start >= 5 { return start - span.lowerBound }
            } else {
                since = nil
            }
        }
        return nil
    }

    /// The largest number of switches of one slot within any five seconds of `span`.
    func switchesPerFiveSeconds(_ span: Range<Double>, flow: Int = 0) -> Int {
        var most = 0
        for slot in scenario.slots.indices {
            let times = switches[flow].filter { $0.slot == slot && span.contains($0.second) }.map(\.second)
            for time in times { most = max(most, times.count { $0 >= time && $0 < time + 5 }) }
        }
        return most
    }

    func estimates(_ span: Range<Double>, flow: Int = 0) -> [Int] {
        samples[flow].filter { span.contains($0.second) }.map(\.estimate)
    }
}

extension Int64 {
    /// Milliseconds as seconds.
    fileprivate var seconds: Double { Double(self) / 1000 }
}
