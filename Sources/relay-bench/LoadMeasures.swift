import Endpoint
import Wire

/// What all loads measure. In JSON its members stand beside those of the load.
struct LoadMeasures: Encodable {
    /// How long the load was held; less than was wanted when it ended early.
    private(set) var heldSeconds = 0.0
    /// From the first offer to the last answer.
    var joinSeconds = 0.0
    private(set) var connected = 0
    private(set) var packetsSent = 0
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
    private(set) var latencyMilliseconds = Milliseconds()
    private(set) var firstFrameMilliseconds = Milliseconds()
    /// CPU seconds of the server for a million packets that were received.
    private(set) var cpuSecondsPerMillionPackets: Double?
    private(set) var serverCPUShare: Double?
    var residentBytesIdle: Int?
    private(set) var residentBytes: Int?
    /// Sessions that were to end, and those of which the server did not say that they have.
    private(set) var deletes = 0
    private(set) var deletesFailed = 0
    private(set) var failures: [String: Int] = [:]
    private(set) var stopped: String?

    /// Takes what the endpoints had seen when the hold began and when it ended.
    mutating func fill(_ before: FleetSummary, _ after: FleetSummary, held: Duration) {
        heldSeconds = held.inSeconds
        connected = after.connected
        packetsSent = after.packetsSent - before.packetsSent
        packetsReceived = after.packetsReceived - before.packetsReceived
        duplicates = after.duplicates - before.duplicates
        reordered = after.reordered - before.reordered
        corrupted = after.corrupted - before.corrupted
        retransmissions = after.retransmissions - before.retransmissions
        frames = after.frames - before.frames
        brokenFrames = after.brokenFrames - before.brokenFrames
        keyFrameRequests = after.keyFrameRequests - before.keyFrameRequests
        latencyMilliseconds = Milliseconds(after.latency)
        firstFrameMilliseconds = Milliseconds(after.firstFrames)
        failures.merge(after.failures, uniquingKeysWith: +)
    }

    /// Takes how many packets did not come of those that should have.
    mutating func lost(_ packets: Int, of expected: Int) {
        packetsLost = max(0, packets)
        lossPercent = expected > 0 ? 100 * Double(packetsLost) / Double(expected) : 0
    }

    /// Takes the server's CPU time and memory when the hold began and when it ended. After `fill`.
    mutating func fill(server before: ServerMeter.Reading?, _ after: ServerMeter.Reading?) {
        guard let before, let after else { return }
        let cpu = after.cpuSeconds - before.cpuSeconds
        if packetsReceived > 0 { cpuSecondsPerMillionPackets = cpu * 1_000_000 / Double(packetsReceived) }
        if heldSeconds > 0 { serverCPUShare = cpu / heldSeconds }
        residentBytes = after.residentBytes
    }

    /// Takes what failed in joining, asking and leaving.
    mutating func fill(_ roster: Roster) {
        failures.merge(roster.failures, uniquingKeysWith: +)
        stopped = roster.stopReason
        (deletes, deletesFailed) = roster.deletes
        if deletesFailed > 0 { failures["sessions not ended by DELETE", default: 0] += deletesFailed }
        let controlsFailed = roster.controls.failed
        if controlsFailed > 0 { failures["control requests", default: 0] += controlsFailed }
    }
}

// What it looks like in a terminal.
extension LoadMeasures {
    func addTimes(to table: inout Table) {
        table.add(["latency p50 / p95 / p99 / max", latencyMilliseconds.text(["p50", "p95", "p99", "max"])])
        table.add(["first picture p50 / p95 / max", firstFrameMilliseconds.text(["p50", "p95", "max"])])
    }

    func addServer(to table: inout Table) {
        if let cpuSecondsPerMillionPackets {
            table.add(["server CPU s per million packets", decimal(cpuSecondsPerMillionPackets, 2)])
        }
        if let serverCPUShare { table.add(["server CPU", "\(decimal(serverCPUShare * 100)) % of a core"]) }
        if let residentBytes {
            table.add(["server resident memory", "\(decimal(Double(residentBytes) / 1e6)) MB"])
        }
    }

    func addEnd(to table: inout Table) {
        table.add(["sessions ended, not ended", "\(deletes - deletesFailed), \(deletesFailed)"])
        for (cause, count) in failures.sorted(by: { $0.key < $1.key }) {
            table.add(["failed: \(cause)", "\(count)"])
        }
    }
}
