// What the report looks like in a terminal.
extension ConferenceReport {
    var text: String {
        var table = Table(["", "value"])
        let seen = measures
        table.add(["participants connected", "\(seen.connected) of \(participants + observers)"])
        table.add(["joined in", "\(decimal(seen.joinSeconds)) s"])
        table.add(["held for", "\(decimal(seen.heldSeconds)) of \(seconds) s"])
        table.add(["packets sent by participants", "\(seen.packetsSent)"])
        table.add(["packets received", "\(seen.packetsReceived)"])
        table.add(["received by each", "\(decimal(bitsPerSecondReceived / 1e6, 2)) Mbit/s"])
        table.add(["lost by sequence numbers", "\(seen.packetsLost) (\(decimal(seen.lossPercent, 3)) %)"])
        table.add([
            "reordered, duplicate, corrupted", "\(seen.reordered), \(seen.duplicates), \(seen.corrupted)",
        ])
        table.add(["sent again, padding", "\(seen.retransmissions), \(padding)"])
        table.add(["pictures, broken ones", "\(seen.frames), \(seen.brokenFrames)"])
        table.add(["wrong picture numbers", "\(pictureNumberErrors)"])
        seen.addTimes(to: &table)
        table.add([
            "pictures shown to each",
            "\(decimal(videoSlotsFilled, 2)) in \(videoSlots) slots, at least \(videoSlotsFilledLeast ?? 0)",
        ])
        table.add(["voices carried to each", "\(decimal(audioSlotsFilled, 2)) in \(audioSlots) slots"])
        table.add(["source changes, without key frame", "\(sourceChanges), \(sourceChangesWithoutKeyFrame)"])
        table.add(["pause at a change p50 / p95 / max", switchMilliseconds.text(["p50", "p95", "max"])])
        table.add(["freezes", "\(freezes), \(decimal(frozenSeconds)) s in all"])
        table.add(["key frames asked for by receivers", "\(seen.keyFrameRequests)"])
        add("extra key frames while joining", extraKeyFramesWhileJoining, to: &table)
        add("key frames per minute", keyFramesPerMinute, to: &table)
        table.add(["control requests, failed", "\(controls), \(controlsFailed)"])
        table.add(["left by fault", "\(leftByFault)"])
        seen.addServer(to: &table)
        if let ownCPUShare {
            let each = seen.connected > 0 ? ownCPUShare * 100 / Double(seen.connected) : 0
            table.add([
                "this client's CPU", "\(decimal(ownCPUShare * 100)) % of a core, \(decimal(each, 2)) % each",
            ])
        }
        if let residentBytesPerParticipant {
            table.add(["per participant", "\(decimal(Double(residentBytesPerParticipant) / 1000)) kB"])
        }
        seen.addEnd(to: &table)
        return table.text
    }

    /// One row per source, one for each source's worst encoding, and one for each encoding.
    private func add(_ title: String, _ values: [String: Spread], to table: inout Table) {
        if let source = values["source"] { table.add(["\(title), per source", source.text]) }
        if let worst = values["worst"] { table.add(["  of its encoding with the most", worst.text]) }
        for (encoding, spread) in values.sorted(by: { $0.key < $1.key })
        where encoding != "source" && encoding != "worst" {
            table.add(["  of encoding \(encoding)", spread.text])
        }
    }
}
