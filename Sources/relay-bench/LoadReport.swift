import Endpoint
import FoundationEssentials
import Wire

/// What a load has shown.
struct LoadReport: Encodable {
    let publishers: Int
    let subscribers: Int
    let seconds: Int
    private(set) var connected = 0
    private(set) var packetsSent = 0
    private(set) var packetsExpected = 0
    private(set) var packetsReceived = 0
    private(set) var packetsLost = 0
    private(set) var lossPercent = 0.0
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
    private(set) var residentBytes: Int?
    private(set) var residentBytesPerSubscriber: Int?
    var failures: [String: Int] = [:]

    init(_ load: Load) {
        publishers = load.publishers
        subscribers = load.subscribers
        seconds = load.seconds
    }

    /// Takes what the endpoints had seen when the hold began and when it ended.
    mutating func fill(_ before: Fleet.Summary, _ after: Fleet.Summary) {
        connected = after.connected
        packetsSent = after.packetsSent - before.packetsSent
        packetsReceived = after.packetsReceived - before.packetsReceived
        packetsLost = after.lost - before.lost
        packetsExpected = packetsReceived + packetsLost
        lossPercent = packetsExpected > 0 ? 100 * Double(packetsLost) / Double(packetsExpected) : 0
        duplicates = after.duplicates - before.duplicates
        reordered = after.reordered - before.reordered
        corrupted = after.corrupted
        retransmissions = after.retransmissions - before.retransmissions
        frames = after.frames - before.frames
        brokenFrames = after.brokenFrames - before.brokenFrames
        keyFrameRequests = after.keyFrameRequests
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            latencyMilliseconds[name] = after.latency.percentile(share).inSeconds * 1000
        }
        latencyMilliseconds["max"] = after.latency.maximum.inSeconds * 1000
        let first = after.firstFrames.sorted()
        if !first.isEmpty {
            for (name, share) in [("p50", 0.5), ("p95", 0.95), ("max", 1.0)] {
                firstFrameMilliseconds[name] =
                    first[min(first.count - 1, Int(Double(first.count) * share))].inSeconds * 1000
            }
        }
        for (reason, count) in after.closed { failures[reason, default: 0] += count }
    }

    /// Takes the server's CPU time and memory: before anybody came, with the publishers, and around the hold.
    mutating func fill(
        idle: ServerMeter.Reading?, withPublishers: ServerMeter.Reading?, _ before: ServerMeter.Reading?,
        _ after: ServerMeter.Reading?
    ) {
        guard let before, let after else { return }
        let cpu = after.cpuSeconds - before.cpuSeconds
        if packetsReceived > 0 { cpuSecondsPerMillionPackets = cpu * 1_000_000 / Double(packetsReceived) }
        serverCPUShare = cpu / Double(seconds)
        residentBytes = after.residentBytes
        if let withPublishers, subscribers > 0 {
            residentBytesPerSubscriber = (after.residentBytes - withPublishers.residentBytes) / subscribers
        }
    }

    func document() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var text: String {
        var table = Table(["", "value"])
        table.add(["endpoints connected", "\(connected) of \(publishers + subscribers)"])
        table.add(["packets sent by publishers", "\(packetsSent)"])
        table.add(["packets expected by subscribers", "\(packetsExpected)"])
        table.add(["packets received", "\(packetsReceived)"])
        table.add(["lost", "\(packetsLost) (\(decimal(lossPercent, 3)) %)"])
        table.add(["reordered, duplicate, corrupted", "\(reordered), \(duplicates), \(corrupted)"])
        table.add(["pictures, broken ones", "\(frames), \(brokenFrames)"])
        table.add(["latency p50 / p95 / p99 / max", milliseconds(latencyMilliseconds, ["p50", "p95", "p99", "max"])])
        table.add(["first picture p50 / p95 / max", milliseconds(firstFrameMilliseconds, ["p50", "p95", "max"])])
        if let cpuSecondsPerMillionPackets, let serverCPUShare, let residentBytes {
            table.add(["server CPU s per million packets", decimal(cpuSecondsPerMillionPackets, 2)])
            table.add(["server CPU", "\(decimal(serverCPUShare * 100)) % of a core"])
            table.add(["server resident memory", "\(decimal(Double(residentBytes) / 1e6)) MB"])
        }
        if let residentBytesPerSubscriber {
            table.add(["per subscriber", "\(decimal(Double(residentBytesPerSubscriber) / 1000)) kB"])
        }
        for (cause, count) in failures.sorted(by: { $0.key < $1.key }) {
            table.add(["failed: \(cause)", "\(count)"])
        }
        return table.text
    }

    private func milliseconds(_ values: [String: Double], _ names: [String]) -> String {
        names.map { values[$0].map { decimal($0, 2) } ?? "-" }.joined(separator: " / ") + " ms"
    }
}
