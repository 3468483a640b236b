import FoundationEssentials
import Wire

/// What `relay-bench load` prints in the end.
protocol LoadOutcome: Encodable {
    var measures: LoadMeasures { get }
    var text: String { get }
}

extension LoadOutcome {
    func document() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// What a load of publishers and subscribers has shown.
struct LoadReport: LoadOutcome {
    let publishers: Int
    let subscribers: Int
    let seconds: Int
    var measures = LoadMeasures()
    private(set) var packetsExpected = 0
    /// Lost by the sequence numbers that subscribers saw: what the server has lost on the way in is not among them.
    private(set) var sequenceGaps = 0
    private(set) var residentBytesPerSubscriber: Int?
    private var residentBytesWithPublishers: Int?

    private enum CodingKeys: String, CodingKey {
        case publishers, subscribers, seconds, packetsExpected, sequenceGaps, residentBytesPerSubscriber
    }

    init(_ plan: LoadPlan) {
        publishers = plan.publishers
        subscribers = plan.subscribers
        seconds = plan.seconds
    }

    func encode(to encoder: any Encoder) throws {
        try measures.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(publishers, forKey: .publishers)
        try container.encode(subscribers, forKey: .subscribers)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(packetsExpected, forKey: .packetsExpected)
        try container.encode(sequenceGaps, forKey: .sequenceGaps)
        try container.encodeIfPresent(residentBytesPerSubscriber, forKey: .residentBytesPerSubscriber)
    }

    /// Takes what the endpoints had seen when the hold began and when it ended.
    mutating func fill(
        _ before: FleetSummary, _ after: FleetSummary, _ expected: ExpectedPackets, held: Duration
    ) {
        measures.fill(before, after, held: held)
        sequenceGaps = max(0, after.lost - before.lost)
        // Of those who came or left meanwhile only their own sequence numbers tell.
        let others = measures.packetsReceived + after.lost - before.lost - expected.accounted
        packetsExpected = expected.expected + max(0, others)
        measures.lost(packetsExpected - measures.packetsReceived, of: packetsExpected)
    }

    /// Takes the server's memory before anybody came, and with the publishers.
    mutating func serverMemory(idle: ServerMeter.Reading?, withPublishers: ServerMeter.Reading?) {
        measures.residentBytesIdle = idle?.residentBytes
        residentBytesWithPublishers = withPublishers?.residentBytes
    }

    /// Takes the server's CPU time and memory when the hold began and when it ended.
    mutating func fill(server before: ServerMeter.Reading?, _ after: ServerMeter.Reading?) {
        measures.fill(server: before, after)
        let watching = measures.connected - publishers
        if let residentBytesWithPublishers, let residentBytes = measures.residentBytes, watching > 0 {
            residentBytesPerSubscriber = (residentBytes - residentBytesWithPublishers) / watching
        }
    }

    var text: String {
        var table = Table(["", "value"])
        let seen = measures
        table.add(["endpoints connected", "\(seen.connected) of \(publishers + subscribers)"])
        table.add(["subscribers joined in", "\(decimal(seen.joinSeconds)) s"])
        table.add(["held for", "\(decimal(seen.heldSeconds)) of \(seconds) s"])
        table.add(["packets sent by publishers", "\(seen.packetsSent)"])
        table.add(["packets expected by subscribers", "\(packetsExpected)"])
        table.add(["packets received", "\(seen.packetsReceived)"])
        table.add(["lost", "\(seen.packetsLost) (\(decimal(seen.lossPercent, 3)) %)"])
        table.add(["gaps in sequence numbers", "\(sequenceGaps)"])
        table.add([
            "reordered, duplicate, corrupted", "\(seen.reordered), \(seen.duplicates), \(seen.corrupted)",
        ])
        table.add(["pictures, broken ones", "\(seen.frames), \(seen.brokenFrames)"])
        seen.addTimes(to: &table)
        seen.addServer(to: &table)
        if let residentBytesPerSubscriber {
            table.add(["per subscriber", "\(decimal(Double(residentBytesPerSubscriber) / 1000)) kB"])
        }
        seen.addEnd(to: &table)
        return table.text
    }
}
