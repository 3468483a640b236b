// What the report looks like in a terminal.
extension ConferenceReport {
    var text: String {
        var table = Table(["", "value"])
        table.add(["participants connected", "\(connected) of \(participants + observers)"])
        table.add(["joined in", "\(decimal(joinSeconds)) s"])
        table.add(["held for", "\(decimal(heldSeconds)) of \(seconds) s"])
        table.add(["packets sent by participants", "\(packetsSent)"])
        table.add(["packets received", "\(packetsReceived)"])
        table.add(["received by each", "\(decimal(bitsPerSecondReceived / 1e6, 2)) Mbit/s"])
        table.add(["lost by sequence numbers", "\(packetsLost) (\(decimal(lossPercent, 3)) %)"])
        table.add(["reordered, duplicate, corrupted", "\(reordered), \(duplicates), \(corrupted)"])
        table.add(["sent again, padding", "\(retransmissions), \(padding)"])
        table.add(["pictures, broken ones", "\(frames), \(brokenFrames)"])
        table.add(["wrong picture numbers", "\(pictureNumberErrors)"])
        table.add([
            "latency p50 / p95 / p99 / max", milliseconds(latencyMilliseconds, ["p50", "p95", "p99", "max"]),
        ])
        table.add([
            "first picture p50 / p95 / max", milliseconds(firstFrameMilliseconds, ["p50", "p95", "max"]),
        ])
        table.add([
            "pictures shown to each",
            "\(decimal(videoSlotsFilled, 2)) in \(videoSlots) slots, at least \(videoSlotsFilledLeast ?? 0)",
        ])
        table.add(["voices carried to each", "\(decimal(audioSlotsFilled, 2)) in \(audioSlots) slots"])
        table.add(["source changes, without key frame", "\(sourceChanges), \(sourceChangesWithoutKeyFrame)"])
        table.add([
            "pause at a change p50 / p95 / max", milliseconds(switchMilliseconds, ["p50", "p95", "max"]),
        ])
        table.add(["freezes", "\(freezes), \(decimal(frozenSeconds)) s in all"])
        table.add(["key frames asked for by receivers", "\(keyFrameRequests)"])
        table.add([
            "key frames per source and minute", spread(keyFramesPerSourceAndMinute),
        ])
        table.add(["key frames per source while joining", spread(keyFramesPerSourceInStorm)])
        table.add(["control requests, failed", "\(controls), \(controlsFailed)"])
        table.add(["left by fault", "\(leftByFault)"])
        if let cpuSecondsPerMillionPackets {
            table.add(["server CPU s per million packets", decimal(cpuSecondsPerMillionPackets, 2)])
        }
        if let serverCPUShare { table.add(["server CPU", "\(decimal(serverCPUShare * 100)) % of a core"]) }
        if let ownCPUShare {
            let each = connected > 0 ? ownCPUShare * 100 / Double(connected) : 0
            table.add([
                "this client's CPU", "\(decimal(ownCPUShare * 100)) % of a core, \(decimal(each, 2)) % each",
            ])
        }
        if let residentBytes {
            table.add(["server resident memory", "\(decimal(Double(residentBytes) / 1e6)) MB"])
        }
        if let residentBytesPerParticipant {
            table.add(["per participant", "\(decimal(Double(residentBytesPerParticipant) / 1000)) kB"])
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

    private func spread(_ values: [String: Double]) -> String {
        "\(decimal(values["mean"] ?? 0, 2)), at most \(decimal(values["max"] ?? 0))"
    }
}
