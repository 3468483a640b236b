package import Codecs

/// One source's pictures in one tier and codec, coded once for all who watch them: a key frame now and then, and in between
/// only what changed.
///
/// It is given pictures as they come and says of each what became of it. It keeps three pictures: the present one, the one
/// coded last, and the anchor's.
package struct Lane: ~Copyable {
    /// A picture that has not changed is repeated so often, in ticks of 90 kHz.
    private static let heartbeat: Int64 = 90_000
    /// An unchanged picture has become as good as it gets after so many frames.
    private static let convergence = 15
    /// Between two resync frames, however many join: at first a short time, since the first one can be lost on the way to
    /// those who join; and more when they go on.
    private static let shortResyncSpacing: Int64 = 90_000 * 4 / 10
    private static let resyncSpacing: Int64 = 2 * 90_000
    /// So many come at the short distance.
    private static let resyncBurst = 2
    /// Between two key frames that cuts ask for.
    private static let cutSpacing: Int64 = 90_000
    /// A key frame so soon after another one belongs to a scene that will not last, such as a page that is scrolled.
    private static let quickSuccession: Int64 = 3 * 90_000
    /// After pictures that were left out for want of bits the next one is coded this coarsely at least, of 63: libvpx takes the time
    /// for bits that were saved, would spend them at once, and more would be left out.
    private static let hurriedQuantizer = 50
    /// A key frame is coded this well if the bits allow, of 63.
    private static let keyQuantizer = 28
    /// An anchor that serves badly is renewed in a quiet moment when it is this old.
    private static let quietRenewalAge: Int64 = 10 * 90_000
    private static let quietRenewalRatio = 0.5

    package private(set) var settings: LaneSettings
    package private(set) var statistics = LaneStatistics()
    private var stage: Stage?
    private var governor: FrameRateGovernor
    private var background = BackgroundWatch()
    private var budget: BitBudget
    private var chooser: ResolutionChooser
    private var sourceSize: PixelSize?
    private var clock = TimestampClock()
    private var isKeyFrameWanted = true
    private var isResyncWanted = false
    private var nextResync: Int64 = .min
    private var lastResync: Int64 = .min / 2
    /// Resync frames, each less than four seconds after the one before.
    private var resyncsInRow = 0
    private var lastKeyFrame: Int64 = .min / 2
    private var lastCoded: Int64 = .min / 2
    /// Whether pictures were left out for want of bits since then.
    private var isHurried = false
    /// Coded frames since anything changed.
    private var stillFrames = 0
    private var quantizer = 30.0

    /// What belongs to one size of pictures.
    struct Stage: ~Copyable {
        let size: PixelSize
        var encoder: VPXEncoder
        var current: Picture
        var coded: Picture
        var changes: ChangeMap
        var anchor: Anchor?
        var hasCoded = false

        init(size: PixelSize, settings: EncoderSettings) throws(CodecError) {
            self.size = size
            encoder = try VPXEncoder(settings)
            current = Picture(width: size.width, height: size.height)
            coded = Picture(width: size.width, height: size.height)
            changes = ChangeMap(size: size)
        }
    }

    package init(_ settings: LaneSettings) {
        self.settings = settings
        chooser = ResolutionChooser(settings)
        governor = FrameRateGovernor(
            fullRate: settings.framesPerSecond,
            isAdaptive: settings.adaptsFrameRate && settings.mode == .differential)
        budget = BitBudget(
            bitsPerSecond: settings.bitsPerSecond, framesPerSecond: settings.framesPerSecond)
    }

    /// Changes what it may take from the next picture on. What is larger than allowed becomes smaller at once; the size grows in its
    /// own time.
    package mutating func change(_ terms: LaneTerms) {
        settings.terms = terms
        budget.bitsPerSecond = terms.bitsPerSecond
        budget.framesPerSecond = terms.framesPerSecond
        governor.fullRate = terms.framesPerSecond
        chooser.adopt(terms)
    }

    /// There is too little CPU: where the size may be chosen the next pictures are smaller.
    package mutating func relieve() {
        chooser.relieve()
    }

    /// Takes note of how long a picture took.
    package mutating func spent(_ duration: Duration) {
        statistics.encodeTime += duration
    }

    /// Somebody joins or has lost pictures: the next frame is to be a resync frame, unless one was a moment ago.
    package mutating func requestResync() {
        isResyncWanted = true
    }

    /// Whether somebody waits for a resync frame.
    package var isAwaited: Bool { isResyncWanted }

    /// Takes the source's next picture.
    ///
    /// - Parameters:
    ///   - timestamp: its RTP timestamp, 90 kHz.
    ///   - scale: writes the picture in the size of the one that it is given.
    package mutating func encode(
        _ source: PixelSize, timestamp: UInt32, effort: Effort, scale: (inout Picture) -> Void
    ) -> LaneOutcome {
        statistics.picturesSeen += 1
        let time = clock.extend(timestamp)
        // Who waits for a still picture need not wait for the next.
        let isMissed = settings.framesPerSecond < 1 && isResyncWanted && time >= nextResync
        guard governor.isDue(at: time) || isMissed else { return .notDue }
        do {
            if source != sourceSize {
                sourceSize = source
                chooser.adopt(source, mayGrow: effort > .fast)
            }
            var stage = try takeStage(source.fitted(toShortSide: chooser.shortSide))
            scale(&stage.current)
            let outcome: LaneOutcome
            switch settings.mode {
            case .differential:
                var change = compare(&stage, at: time)
                if change.isCut, time - lastKeyFrame >= Self.cutSpacing,
                    chooser.beginScene(at: time, mayGrow: effort > .fast)
                {
                    // It needs a key frame anyway.
                    stage = try makeStage(source.fitted(toShortSide: chooser.shortSide))
                    scale(&stage.current)
                    change = compare(&stage, at: time)
                }
                outcome = try encodeDifferentially(&stage, change, timestamp, at: time, effort)
            case .baseline: outcome = try encodePlainly(&stage, timestamp, at: time)
            }
            self.stage = .some(stage)
            return outcome
        } catch {
            stage = nil
            isKeyFrameWanted = true
            statistics.failures += 1
            return .failed("\(error)")
        }
    }

    // MARK: - Choosing

    /// What has changed since the picture that was coded last; everything, if there is none.
    private func compare(_ stage: inout Stage, at time: Int64) -> ChangeMap.Summary {
        guard stage.hasCoded else {
            return ChangeMap.Summary(changedShare: 1, meanSquaredError: 0, isCut: false)
        }
        let interval = Int64(90_000 / governor.framesPerSecond)
        return stage.changes.compare(
            stage.current, with: stage.coded, learnsNoise: time - lastCoded <= interval * 3)
    }

    private mutating func encodeDifferentially(
        _ stage: inout Stage, _ change: ChangeMap.Summary, _ timestamp: UInt32, at time: Int64,
        _ effort: Effort
    ) throws(CodecError) -> LaneOutcome {
        let interval = Int64(90_000 / governor.framesPerSecond)
        statistics.changedShare += (change.changedShare - statistics.changedShare) * 0.1
        budget.advance(
            to: time,
            isLimited: stillFrames < Self.convergence && quantizer > Double(LaneSettings.finestQuantizer + 2))
        governor.observe(changedShare: change.changedShare, at: time)
        background.observe(changedShare: statistics.changedShare, at: time)
        statistics.framesPerSecond = governor.framesPerSecond
        let isUnchanged = change.changedShare == 0
        stillFrames = isUnchanged ? stillFrames : 0
        let isConverged = isUnchanged && stillFrames >= Self.convergence

        let kind = kind(stage.anchor, change, isConverged: isConverged, at: time)
        if kind == .delta {
            if isConverged, time - lastCoded < Self.heartbeat - interval / 2 {
                statistics.unchangedPictures += 1
                return .unchanged
            }
            if budget.isExhausted(
                quantizer: quantizer, framesPerSecond: governor.framesPerSecond)
            {
                statistics.picturesOverBudget += 1
                isHurried = true
                if chooser.coded(quantizer: nil, at: time, mayGrow: false) { isKeyFrameWanted = true }
                return .overBudget
            }
        }
        return .coded(
            try code(&stage, kind, timestamp, at: time, interval: Int(interval), effort, isConverged))
    }

    private func kind(
        _ anchor: Anchor?, _ change: ChangeMap.Summary, isConverged: Bool, at time: Int64
    ) -> LaneFrameKind {
        guard !isKeyFrameWanted, let anchor else { return .key }
        if change.isCut, time - lastKeyFrame >= Self.cutSpacing { return .key }
        if isResyncWanted, time >= nextResync { return anchor.isWorn ? .key : .resync }
        if isConverged, time - anchor.time > Self.quietRenewalAge,
            anchor.resyncRatio > Self.quietRenewalRatio
        {
            return .key
        }
        return .delta
    }

    // MARK: - Coding

    private mutating func code(
        _ stage: inout Stage, _ kind: LaneFrameKind, _ timestamp: UInt32, at time: Int64, interval: Int,
        _ effort: Effort, _ isConverged: Bool
    ) throws(CodecError) -> LaneFrame {
        var bytes: [UInt8] = []
        let outcome: VPXEncoder.Outcome
        switch kind {
        case .key:
            outcome = try codeKeyFrame(
                &stage, at: time, interval: interval, effort, isConverged, into: &bytes)
        case .resync:
            outcome = try codeResyncFrame(&stage, at: time, interval: interval, effort, into: &bytes)
        case .delta:
            var ordinary = encoderSettings(stage.size)
            // A heartbeat has nothing to add.
            if isConverged { ordinary.minimumQuantizer = min(Int(quantizer) + 12, 50) }
            if isHurried { ordinary.minimumQuantizer = Self.hurriedQuantizer }
            try stage.encoder.change(ordinary)
            outcome = try stage.encoder.encode(
                stage.current, at: time, duration: interval, flags: settings.deltaFlags,
                effort: effort.encoderEffort(settings.codec, .delta, isStill: background.isStill),
                into: &bytes)
            statistics.deltaFrames += 1
        }
        guard outcome.byteCount > 0 else { throw .refused(reason: "libvpx coded nothing") }
        var anchor: [UInt8]?
        switch kind {
        case .key:
            stage.anchor = Anchor(bytes: bytes, quantizer: outcome.quantizer, time: time)
            isKeyFrameWanted = false
            isResyncWanted = false
            lastKeyFrame = time
            nextResync = time + Self.shortResyncSpacing
            statistics.keyFrames += 1
        case .resync:
            stage.anchor?.resynced(bytes: outcome.byteCount, quantizer: outcome.quantizer)
            anchor = stage.anchor?.bytes
            isResyncWanted = false
            resyncsInRow = time - lastResync < 2 * Self.resyncSpacing ? resyncsInRow + 1 : 1
            lastResync = time
            nextResync =
                time + (resyncsInRow > Self.resyncBurst ? Self.resyncSpacing : Self.shortResyncSpacing)
            statistics.resyncFrames += 1
        case .delta: break
        }
        if !isConverged || kind != .delta { weigh(outcome, kind, at: time, mayGrow: effort > .fast) }
        settle(&stage, outcome, at: time)
        return LaneFrame(
            kind: kind, bytes: bytes, timestamp: timestamp, size: stage.size, anchor: anchor,
            quantizer: outcome.quantizer)
    }

    /// Takes note of how coarsely a picture had to be coded.
    private mutating func weigh(
        _ outcome: VPXEncoder.Outcome, _ kind: LaneFrameKind, at time: Int64, mayGrow: Bool
    ) {
        quantizer += (Double(outcome.quantizer) - quantizer) * 0.1
        statistics.quantizer = quantizer
        guard kind == .delta else { return }
        governor.coded(quantizer: outcome.quantizer)
        if chooser.coded(quantizer: outcome.quantizer, at: time, mayGrow: mayGrow) { isKeyFrameWanted = true }
    }

    private mutating func settle(_ stage: inout Stage, _ outcome: VPXEncoder.Outcome, at time: Int64) {
        budget.spend(bytes: outcome.byteCount, at: time)
        statistics.bytes += UInt64(outcome.byteCount)
        stillFrames += 1
        isHurried = false
        lastCoded = time
        stage.hasCoded = true
        swap(&stage.current, &stage.coded)
    }

    /// A key frame as good as the bits allow: all that follows is predicted from it, and so are the pictures of those who
    /// join. The quantizer is limited for it alone.
    private mutating func codeKeyFrame(
        _ stage: inout Stage, at time: Int64, interval: Int, _ effort: Effort, _ isConverged: Bool,
        into bytes: inout [UInt8]
    ) throws(CodecError) -> VPXEncoder.Outcome {
        // A quiet picture must not get visibly worse.
        var limit = isConverged ? min(max(Int(quantizer) + 4, 14), Self.keyQuantizer) : Self.keyQuantizer
        // Still pictures are as far apart as that, and one in a scene that moves is nearly always a key frame.
        let isStill = settings.framesPerSecond < 1
        let most = budget.keyFrameBits(isRepeated: !isStill && time - lastKeyFrame < Self.quickSuccession)
        while true {
            var limited = encoderSettings(stage.size)
            limited.maximumQuantizer = limit
            limited.isErrorResilient = settings.codec == .vp9
            try stage.encoder.change(limited)
            bytes.removeAll()
            let outcome = try stage.encoder.encode(
                stage.current, at: time, duration: interval, flags: .forceKeyFrame,
                effort: effort.encoderEffort(settings.codec, .key, isStill: background.isStill),
                into: &bytes)
            let bits = Double(outcome.byteCount * 8)
            guard bits > most, limit < 60 else { return outcome }
            limit = min(limit + (bits > most * 1.5 ? 14 : 8), 60)
            // libvpx would take the picture for sent, and be short of bits for many seconds. A key frame needs nothing of
            // what an encoder remembers.
            stage.encoder = try VPXEncoder(limited)
        }
    }

    private mutating func codeResyncFrame(
        _ stage: inout Stage, at time: Int64, interval: Int, _ effort: Effort, into bytes: inout [UInt8]
    ) throws(CodecError) -> VPXEncoder.Outcome {
        var limited = encoderSettings(stage.size)
        // As good as the frames around it: libvpx would give it an ordinary frame's bits.
        limited.maximumQuantizer = min(max(Int(quantizer) + 2, 24), 50)
        try stage.encoder.change(limited)
        return try stage.encoder.encode(
            stage.current, at: time, duration: interval, flags: settings.resyncFlags,
            effort: effort.encoderEffort(settings.codec, .resync, isStill: background.isStill),
            into: &bytes)
    }

    private mutating func encodePlainly(
        _ stage: inout Stage, _ timestamp: UInt32, at time: Int64
    ) throws(CodecError) -> LaneOutcome {
        var bytes: [UInt8] = []
        let outcome = try stage.encoder.encode(
            stage.current, at: time, duration: Int(90_000 / settings.framesPerSecond),
            flags: isKeyFrameWanted || isResyncWanted ? .forceKeyFrame : [],
            effort: .baseline(settings.codec, width: stage.size.width, height: stage.size.height),
            into: &bytes)
        guard outcome.byteCount > 0 else {
            statistics.picturesOverBudget += 1
            return .overBudget
        }
        isKeyFrameWanted = false
        isResyncWanted = false
        statistics.keyFrames += outcome.isKeyFrame ? 1 : 0
        statistics.deltaFrames += outcome.isKeyFrame ? 0 : 1
        weigh(outcome, .key, at: time, mayGrow: false)
        settle(&stage, outcome, at: time)
        return .coded(
            LaneFrame(
                kind: outcome.isKeyFrame ? .key : .delta, bytes: bytes, timestamp: timestamp,
                size: stage.size, anchor: nil, quantizer: outcome.quantizer))
    }

    private func encoderSettings(_ size: PixelSize) -> EncoderSettings {
        var encoder = settings.encoderSettings(size: size, bitsPerSecond: budget.encoderBitsPerSecond)
        if settings.mode == .differential, !background.isStill { encoder.adaptiveQuantization = 0 }
        return encoder
    }

    private mutating func takeStage(_ size: PixelSize) throws(CodecError) -> Stage {
        if stage?.size == size, let kept = stage.take() { return kept }
        stage = nil
        return try makeStage(size)
    }

    /// What another size needs; its first picture is a key frame.
    private mutating func makeStage(_ size: PixelSize) throws(CodecError) -> Stage {
        isKeyFrameWanted = true
        stillFrames = 0
        statistics.width = size.width
        statistics.height = size.height
        return try Stage(size: size, settings: encoderSettings(size))
    }
}
