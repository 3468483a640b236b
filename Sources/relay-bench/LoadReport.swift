import Endpoint
import FoundationEssentials
import Wire

/// What `relay-bench load` prints in the end.
protocol LoadOutcome: Encodable {
    /// How many endpoints failed, by cause.
    var failures: [String: Int] { get }
    /// Why the load ended early.
    var stopped: String? { get }
    var text: String { get }
}

extension LoadOutcome {
    func document() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// What a load has shown.
struct LoadReport: LoadOutcome {
    let publishers: Int
    let subscribers: Int
    let seconds: Int
    /// How long the load was held; less than `seconds` when it ended early.
    private(set) var heldSeconds = 0.0
    /// From the first subscriber's offer to the last one's answer.
    var joinSeconds = 0.0
    private(set) var connected = 0
    private(set) var packetsSent = 0
    private(set) var packetsExpected = 0
    private(set) var packetsReceived = 0
    /// What was expected and not received.
    private(set) var packetsLost = 0
    private(set) var lossPercent = 0.0
    /// Lost by the sequence numbers that subscribers saw: what the server has lost on the way in is not among them.
    private(set) var sequenceGaps = 0
    private(set) var duplicates = 0
    private(set) var reordered = 0
    private(set) var corrupted = 0
    private(set) var retransmissions = 0
    private(set) var frames = 0
    private(set) var brokenFrames = 0
    private(set) var keyFrameRequests = 0
    private(set) var latencyMilliseconds: [String: Double] = [:]
    private(set) var firstFrameMilliseconds: [String: Double] = [:]
    /// CPU seconds of the server for a million packets that subscribers received.
    private(set) var cpuSecondsPerMillionPackets: Double?
    private(set) var serverCPUShare: Double?
    private(set) var residentBytesIdle: Int?
    private(set) var residentBytes: Int?
    private(set) var residentBytesPerSubscriber: Int?
    /// Sessions that were to end, and those of which the server did not say that they have.
    private(set) var deletes = 0
    private(set) var deletesFailed = 0
    /// How many endpoints failed, by cause.
    private(set) var failures: [String: Int] = [:]
    /// Why the load ended early.
    private(set) var stopped: String?
    private var residentBytesWithPublishers: Int?

    private enum CodingKeys: String, CodingKey {
        case publishers, subscribers, seconds, heldSeconds, joinSeconds, connected
        case packetsSent, packetsExpected, packetsReceived, packetsLost, lossPercent, sequenceGaps
        case duplicates, reordered, corrupted, retransmissions, frames, brokenFrames, keyFrameRequests
        case latencyMilliseconds, firstFrameMilliseconds
        case cpuSecondsPerMillionPackets, serverCPUShare
        case residentBytesIdle, residentBytes, residentBytesPerSubscriber
        case deletes, deletesFailed, failures, stopped
    }

    init(_ plan: LoadPlan) {
        publishers = plan.publishers
        subscribers = plan.subscribers
        seconds = plan.seconds
    }

    /// Takes what the endpoints had seen when the hold began and when it ended.
    mutating func fill(
        _ before: FleetSummary, _ after: FleetSummary, _ expected: ExpectedPackets, heldSeconds: Double
    ) {
        self.heldSeconds = heldSeconds
        connected = after.connected
        packetsSent = after.packetsSent - before.packetsSent
        packetsReceived = after.packetsReceived - before.packetsReceived
        sequenceGaps = max(0, after.lost - before.lost)
        // Of those who came or left meanwhile only their own sequence numbers tell.
        let others = packetsReceived + after.lost - before.lost - expected.accounted
        packetsExpected = expected.expected + max(0, others)
        packetsLost = max(0, packetsExpected - packetsReceived)
        lossPercent = packetsExpected > 0 ? 100 * Double(packetsLost) / Double(packetsExpected) : 0
        duplicates = after.duplicates - before.duplicates
        reordered = after.reordered - before.reordered
        corrupted = after.corrupted - before.corrupted
        retransmissions = after.retransmissions - before.retransmissions
        frames = after.frames - before.frames
        brokenFrames = after.brokenFrames - before.brokenFrames
        keyFrameRequests = after.keyFrameRequests
        if after.latency.count > 0 {
            for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
                latencyMilliseconds[name] = after.latency.percentile(share).inSeconds * 1000
            }
            latencyMilliseconds["max"] = after.latency.maximum.inSeconds * 1000
        }
        let first = after.firstFrames.sorted()
        if !first.isEmpty {
            for (name, share) in [("p50", 0.5), ("p95", 0.95), ("max", 1.0)] {
                firstFrameMilliseconds[name] =
                    first[min(first.count - 1, Int(Double(first.count) * share))].inSeconds * 1000
            }
        }
        failures.merge(after.failures, uniquingKeysWith: +)
    }

    /// Takes the server's memory before anybody came, and with the publishers.
    mutating func serverMemory(idle: ServerMeter.Reading?, withPublishers: ServerMeter.Reading?) {
        residentBytesIdle = idle?.residentBytes
        residentBytesWithPublishers = withPublishers?.residentBytes
    }

    /// Takes the server's CPU time and memory when the hold began and when it ended.
    mutating func fill(_ before: ServerMeter.Reading?, _ after: ServerMeter.Reading?) {
        guard let before, let after else { return }
        let cpu = after.cpuSeconds - before.cpuSeconds
        if packetsReceived > 0 { cpuSecondsPerMillionPackets = cpu * 1_000_000 / Double(packetsReceived) }
        if heldSeconds > 0 { serverCPUShare = cpu / heldSeconds }
        residentBytes = after.residentBytes
        let watching = connected - publishers
        if let residentBytesWithPublishers, watching > 0 {
            residentBytesPerSubscriber = (after.residentBytes - residentBytesWithPublishers) / watching
        }
    }

    /// Takes what failed in joining and leaving.
    mutating func fill(_ roster: Roster) {
        failures.merge(roster.failures, uniquingKeysWith: +)
        stopped = roster.stopReason
        deletes = roster.deletes.all
        deletesFailed = roster.deletes.failed
        if deletesFailed > 0 { failures["sessions not ended by DELETE", default: 0] += deletesFailed }
    }

    var text: String {
        var table = Table(["", "value"])
        table.add(["endpoints connected", "\(connected) of \(publishers + subscribers)"])
        table.add(["subscribers joined in", "\(decimal(joinSeconds)) s"])
        table.add(["held for", "\(decimal(heldSeconds)) of \(seconds) s"])
        table.add(["packets sent by publishers", "\(packetsSent)"])
        table.add(["packets expected by subscribers", "\(packetsExpected)"])
        table.add(["packets received", "\(packetsReceived)"])
        table.add(["lost", "\(packetsLost) (\(decimal(lossPercent, 3)) %)"])
        table.add(["gaps in sequence numbers", "\(sequenceGaps)"])
        table.add(["reordered, duplicate, corrupted", "\(reordered), \(duplicates), \(corrupted)"])
        table.add(["pictures, broken ones", "\(frames), \(brokenFrames)"])
        table.add([
            "latency p50 / p95 / p99 / max", milliseconds(latencyMilliseconds, ["p50", "p95", "p99", "max"]),
        ])
        table.add([
            "first picture p50 / p95 / max", milliseconds(firstFrameMilliseconds, ["p50", "p95", "max"]),
        ])
        if let cpuSecondsPerMillionPackets {
            table.add(["server CPU s per million packets", decimal(cpuSecondsPerMillionPackets, 2)])
        }
        if let serverCPUShare { table.add(["server CPU", "\(decimal(serverCPUShare * 100)) % of a core"]) }
        if let residentBytes {
            table.add(["server resident memory", "\(decimal(Double(residentBytes) / 1e6)) MB"])
        }
        if let residentBytesPerSubscriber {
            table.add(["per subscriber", "\(decimal(Double(residentBytesPerSubscriber) / 1000)) kB"])
        }
        table.add(["sessions ended, not ended", "\(deletes - deletesFailed), \(deletesFailed)"])
        for (cause, count) in failures.sorted(by: { $0.key < $1.key }) {
            table.add(["failed: \(cause)", "\(count)"])
        }
        return table.text
    }

    private func milliseconds(_ values: [String: Double], _ names: [String]) -> String {
        names.map { values[$0].map { decimal($0, 2) } ?? "-" }.joined(separator: " / ") + " ms"
    }
}
