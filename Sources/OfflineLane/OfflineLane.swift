package import Codecs
import Impairment
package import Transcoding

/// A lane whose pictures come from a file, with everybody who watches: one who sees all of it, some who join, one who loses
/// frames.
package struct OfflineLane: ~Copyable {
    package let plan: OfflinePlan
    private var lane: Lane
    private let wireCost: WireCost
    private var reference: Viewer
    private var joins: JoinCheck
    private var loss: LossCheck
    package private(set) var records: [FrameRecord] = []

    /// - Parameter seconds: how long the source lasts, as far as known: joins are spread over it.
    package init(_ plan: OfflinePlan, seconds: Double) throws(CodecError) {
        let codec = plan.lane.codec
        let viewer = try Viewer(codec)
        var random = SplitMix64(seed: plan.seed)
        let check = try LossCheck(codec, share: plan.loss, seed: random.next())
        // What `LanePacketizer` writes, and what libwebrtc sends for a stream without layers: a picture identifier.
        wireCost =
            switch (plan.lane.mode, codec) {
            case (.differential, .vp8): WireCost(descriptorBytes: 6, payloadLimit: 1100)
            case (.differential, .vp9): WireCost(descriptorBytes: 5, payloadLimit: 1100)
            case (.baseline, _): WireCost(descriptorBytes: 4)
            }
        self.plan = plan
        lane = Lane(plan.lane)
        reference = viewer
        joins = JoinCheck(codec, joins: plan.joins, within: seconds, using: &random)
        loss = check
    }

    /// Gives the source's next picture to the lane: the part whose time is measured.
    ///
    /// - Parameter time: in ticks of 90 kHz.
    package mutating func encode(_ picture: borrowing Picture, at time: Int64) -> LaneOutcome {
        let seconds = Double(time) / 90_000
        let isAwaited = joins.advance(to: seconds)
        if isAwaited || loss.isWaiting { lane.requestResync() }
        return lane.encode(
            PixelSize(width: picture.width, height: picture.height),
            timestamp: UInt32(truncatingIfNeeded: time), effort: plan.effort
        ) { target in
            target.scale(from: picture)
        }
    }

    /// Shows what became of the picture to everybody who watches.
    ///
    /// - Parameter cpuTime: what `encode` took.
    package mutating func deliver(
        _ outcome: LaneOutcome, at time: Int64, cpuTime: Duration
    ) throws(CodecError) {
        let seconds = Double(time) / 90_000
        let milliseconds =
            Double(cpuTime.components.attoseconds) / 1e15 + Double(cpuTime.components.seconds) * 1e3
        let kind: FrameRecord.Kind
        var coded: LaneFrame?
        switch outcome {
        case .coded(let frame):
            kind =
                switch frame.kind {
                case .key: .key
                case .resync: .resync
                case .delta: .delta
                }
            coded = frame
            try reference.show(frame.bytes)
            joins.take(frame, at: seconds, reference: reference)
            if plan.loss > 0 { loss.take(frame, at: seconds, reference: reference) }
        case .notDue: kind = .notDue
        case .unchanged: kind = .unchanged
        case .overBudget: kind = .overBudget
        case .failed: kind = .failed
        }
        let bytes = coded?.bytes.count ?? 0
        records.append(
            FrameRecord(
                picture: records.count, seconds: seconds, kind: kind, bytes: bytes,
                packets: wireCost.packets(of: bytes), bytesOnWire: wireCost.bytes(of: bytes),
                quantizer: coded?.quantizer, width: coded?.size.width, height: coded?.size.height,
                milliseconds: milliseconds))
    }

    /// To be called after the last picture.
    package mutating func finish() {
        joins.finish(at: records.last?.seconds ?? 0)
    }

    /// Writes what is shown at present into `picture`, in its size; false: nothing yet.
    package func show(in picture: inout Picture) -> Bool {
        guard reference.hasPicture else { return false }
        picture.scale(from: reference.picture)
        return true
    }

    /// The size of what is shown at present; nil: nothing yet.
    package var shownSize: PixelSize? {
        guard reference.hasPicture else { return nil }
        return PixelSize(width: reference.picture.width, height: reference.picture.height)
    }

    package var report: OfflineReport {
        OfflineReport(
            plan, records, joins: plan.joins > 0 ? joins.report : nil, loss: plan.loss > 0 ? loss.report : nil
        )
    }
}
