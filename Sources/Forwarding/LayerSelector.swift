import RTP
import Wire

/// Which encoding of which source one subscriber receives, and which layers of it. A switch of the encoding completes on a
/// key frame of the new one, while the old one goes on.
///
///     idle --retarget--> waiting --key frame--> forwarding --retarget--> switching --key frame--> forwarding
///                           ^                       | pause
///                           +---resume--- paused <--+ end of picture
///
/// Within an encoding layers are changed where a picture begins: spatial layers go at once and come back with a key frame,
/// temporal layers go at once and come back where a picture of theirs needs none that was left out. All layers below the
/// spatial limit are forwarded, also those that no other refers to at present (L3T3_KEY), so that one can go down to them at
/// any time.
///
/// A switch to something smaller can be eased: until its key frame comes, the present source gives its base temporal layer
/// only, where it has several, so that it takes less at once.
struct LayerSelector: Sendable {
    private enum State: Sendable {
        case idle
        /// `former` has begun anew itself: its key frame is welcome, too.
        case waiting(for: SourceReference, former: SourceReference?)
        case forwarding(SourceReference)
        case switching(from: SourceReference, to: SourceReference)
        /// Ends with the picture that is being sent.
        case pausing(SourceReference, next: SourceReference)
        case paused(next: SourceReference?)
    }

    /// What is done about the source of a packet.
    enum Admission: Equatable {
        case current
        /// A source can begin with this packet.
        case begins
        case refused(DropReason)
    }

    /// What is done with a packet of the present source.
    enum Verdict: Equatable {
        /// - Parameter endsPicture: nothing more of the picture will be forwarded.
        case forward(endsPicture: Bool)
        case leaveOut(DropReason)
    }

    /// The newest packet of the present source.
    private struct Latest {
        var timestamp: UInt32
        var tl0PictureIndex: UInt8
        /// What follows of its picture, if anything, is not wanted.
        var isSettled: Bool
    }

    /// How many changes of the limits are remembered for late packets.
    private static let memory = 8

    private var state = State.idle
    /// What is asked for.
    private(set) var wanted = LayerLimits.all
    /// Whether the present source is cut to its base temporal layer while a switch waits for its key frame.
    private var isEased = false
    private var limitStarts = InlineArray<8, Int64>(repeating: .max)
    private var limitValues = InlineArray<8, LayerLimits>(repeating: .all)
    private var newestLimits = 0
    private var latest = Latest(timestamp: 0, tl0PictureIndex: 0, isSettled: false)

    /// The layers that are being forwarded.
    var limits: LayerLimits { limitValues[newestLimits] }

    // MARK: - Sources

    /// Where the packets come from now.
    var source: SourceReference? {
        switch state {
        case .idle, .paused: nil
        case .waiting(_, let former): former
        case .forwarding(let source), .switching(let source, _), .pausing(let source, _): source
        }
    }

    /// Where they shall come from.
    var target: SourceReference? {
        switch state {
        case .idle, .forwarding: nil
        case .waiting(let target, _), .switching(_, let target): target
        case .pausing(let source, let next): next == source ? nil : next
        case .paused(let next): next
        }
    }

    var isPaused: Bool {
        switch state {
        case .pausing, .paused: true
        case .idle, .waiting, .forwarding, .switching: false
        }
    }

    /// Chooses the source.
    mutating func retarget(to new: SourceReference) {
        if new == source { isEased = false }
        switch state {
        case .idle: state = .waiting(for: new, former: nil)
        case .waiting(_, let former): state = .waiting(for: new, former: former == new ? nil : former)
        case .forwarding(let source), .switching(let source, _):
            state = source == new ? .forwarding(source) : .switching(from: source, to: new)
        case .pausing(let source, _): state = .pausing(source, next: new)
        case .paused: state = .paused(next: new)
        }
    }

    /// Ends forwarding with the picture that is being sent.
    mutating func pause() {
        switch state {
        case .idle: state = .paused(next: nil)
        case .waiting(let target, _): state = .paused(next: target)
        case .forwarding(let source): state = .pausing(source, next: source)
        case .switching(let source, let target): state = .pausing(source, next: target)
        case .pausing, .paused: break
        }
    }

    /// Begins again with the next key frame.
    mutating func resume() {
        switch state {
        case .pausing(let source, let next):
            state = source == next ? .forwarding(source) : .switching(from: source, to: next)
        case .paused(nil): state = .idle
        case .paused(.some(let next)): state = .waiting(for: next, former: nil)
        case .idle, .waiting, .forwarding, .switching: break
        }
    }

    /// Takes note that a source goes on with other numbers.
    mutating func restart(_ origin: SourceReference) {
        switch state {
        case .forwarding(let source) where source == origin:
            state = .waiting(for: origin, former: nil)
        case .switching(let source, let target) where source == origin:
            state = .waiting(for: target, former: source)
        case .pausing(let source, let next) where source == origin:
            state = .paused(next: next)
        case .idle, .waiting, .forwarding, .switching, .pausing, .paused: break
        }
    }

    /// Takes note that a track has ended.
    mutating func detach(track: UInt32) {
        switch state {
        case .idle: break
        case .waiting(let target, let former):
            let isFormerLeft = former.map { $0.track != track } ?? false
            if target.track == track {
                state = isFormerLeft ? former.map { .waiting(for: $0, former: nil) } ?? .idle : .idle
            } else if !isFormerLeft {
                state = .waiting(for: target, former: nil)
            }
        case .forwarding(let source):
            if source.track == track { state = .idle }
        case .switching(let source, let target):
            switch (source.track == track, target.track == track) {
            case (true, true): state = .idle
            case (true, false): state = .waiting(for: target, former: nil)
            case (false, true): state = .forwarding(source)
            case (false, false): break
            }
        case .pausing(let source, let next):
            if source.track == track {
                state = .paused(next: next.track == track ? nil : next)
            } else if next.track == track {
                state = .pausing(source, next: source)
            }
        case .paused(let next):
            if next?.track == track { state = .paused(next: nil) }
        }
    }

    /// Asks for layers of the source, or of the target if there is one: its limits hold from its key frame on.
    mutating func want(_ limits: LayerLimits) {
        wanted = limits
        isEased = false
    }

    /// Lets the present source take as little as it can until the target takes over. To be called after `want`.
    mutating func ease() {
        isEased = true
    }

    // MARK: - Packets

    /// Decides on the source of a packet. Only the end of a pause is remembered.
    ///
    /// - Parameter canBegin: whether a receiver that knows nothing can begin here.
    mutating func admission(of origin: SourceReference, canBegin: Bool, timestamp: UInt32) -> Admission {
        switch state {
        case .idle:
            return .refused(.inactiveLayer)
        case .waiting(let target, let former):
            guard origin == target || origin == former else { return .refused(.inactiveLayer) }
            return canBegin ? .begins : .refused(.waitingForKeyFrame)
        case .forwarding(let source):
            return origin == source ? .current : .refused(.inactiveLayer)
        case .switching(let source, let target):
            if origin == source { return .current }
            guard origin == target else { return .refused(.inactiveLayer) }
            return canBegin ? .begins : .refused(.waitingForKeyFrame)
        case .pausing(let source, let next):
            guard origin == source else { return .refused(.paused) }
            guard Int32(bitPattern: timestamp &- latest.timestamp) > 0 else { return .current }
            state = .paused(next: next)
            return .refused(.paused)
        case .paused:
            return .refused(.paused)
        }
    }

    /// Takes a source whose first packet, a key frame's, will have this position.
    ///
    /// - Returns: the source that was given up for it.
    mutating func begin(_ origin: SourceReference, at position: Int64, timestamp: UInt32) -> SourceReference?
    {
        let replaced = source
        switch state {
        case .waiting(let target, _) where target != origin: state = .switching(from: origin, to: target)
        case .idle, .waiting, .forwarding, .switching, .pausing, .paused: state = .forwarding(origin)
        }
        isEased = false
        for index in 0..<Self.memory { limitStarts[index] = .max }
        newestLimits = 0
        limitStarts[0] = position
        limitValues[0] = wanted
        latest = Latest(timestamp: timestamp &- 1, tl0PictureIndex: 0, isSettled: false)
        return replaced == origin ? nil : replaced
    }

    /// Decides on a packet above all others.
    mutating func decideNewest(
        _ packet: PacketDescription, timestamp: UInt32, hasMarker: Bool, at position: Int64
    ) -> Verdict {
        if timestamp != latest.timestamp, packet.startsFrame || !packet.tellsFrameStarts {
            adjust(to: packet, at: position)
        }
        let limits = limits
        let isIncluded = limits.includes(packet)
        let endsPicture = packet.endsFrame && packet.spatialID == limits.spatial
        latest = Latest(
            timestamp: timestamp, tl0PictureIndex: packet.tl0PictureIndex,
            isSettled: !isIncluded || endsPicture || hasMarker)
        return isIncluded ? .forward(endsPicture: endsPicture) : .leaveOut(reason(packet))
    }

    /// Decides on a packet that was missing, by the limits that held where it belongs.
    func decideLate(_ packet: PacketDescription, at position: Int64) -> Verdict {
        var index = newestLimits
        for _ in 0..<Self.memory {
            if position >= limitStarts[index] {
                guard limitValues[index].includes(packet) else { return .leaveOut(.layerNotWanted) }
                return .forward(
                    endsPicture: packet.endsFrame && packet.spatialID == limitValues[index].spatial)
            }
            index = (index + Self.memory - 1) % Self.memory
        }
        return .leaveOut(.layerNotWanted)
    }

    /// Whether packets that are missing before this one, the newest, are surely not wanted. To be asked before it is
    /// decided on.
    ///
    /// - Parameter isNextPicture: whether its picture is the one after the last.
    func isGapUnwanted(
        before packet: PacketDescription, timestamp: UInt32, isNextPicture: Bool
    ) -> (packets: Bool, pictures: Bool) {
        guard latest.isSettled else { return (false, false) }
        // Layers of a picture come in their order: between what needs no more and what is left out nothing is wanted.
        if timestamp == latest.timestamp { return (!limits.includes(packet), false) }
        // If the beginning of this picture is missing, it must not be wanted either.
        guard packet.startsFrame && packet.spatialID == 0 || packet.temporalID > limits.temporal else {
            return (false, false)
        }
        // Nothing but the rest of the picture before.
        if isNextPicture { return (true, false) }
        // Whole pictures are missing. If all of the base layer are here, they were of layers above.
        guard limits.temporal == 0, packet.tl0PictureIndexOffset > 0 else { return (false, false) }
        let step = packet.tl0PictureIndex &- latest.tl0PictureIndex
        let isUnwanted = step == (packet.temporalID == 0 ? 1 : 0)
        return (isUnwanted, isUnwanted)
    }

    // MARK: - Private

    /// Changes the limits where a picture begins, if this one allows it.
    private mutating func adjust(to packet: PacketDescription, at position: Int64) {
        switch state {
        case .forwarding: break
        // What is asked for concerns the target.
        case .switching:
            if isEased, limits.temporal > 0 {
                setLimits(LayerLimits(spatial: limits.spatial, temporal: 0), from: position)
            }
            return
        case .idle, .waiting, .pausing, .paused: return
        }
        var new = limits
        if packet.isKeyFrameStart { new = wanted }
        new.spatial = min(new.spatial, wanted.spatial)
        if wanted.temporal <= new.temporal {
            new.temporal = wanted.temporal
        } else {
            switch packet.temporalSwitch {
            case .none: break
            case .ownLayer:
                if packet.temporalID == new.temporal + 1 { new.temporal += 1 }
            case .levels(let levels):
                var level = wanted.temporal
                while level > new.temporal, levels >> level & 1 == 0 { level -= 1 }
                new.temporal = level
            }
        }
        if new != limits { setLimits(new, from: position) }
    }

    private mutating func setLimits(_ new: LayerLimits, from position: Int64) {
        newestLimits = (newestLimits + 1) % Self.memory
        limitStarts[newestLimits] = position
        limitValues[newestLimits] = new
    }

    private func reason(_ packet: PacketDescription) -> DropReason {
        switch state {
        case .forwarding: break
        case .idle, .waiting, .switching, .pausing, .paused: return .layerNotWanted
        }
        guard wanted.includes(packet) else { return .layerNotWanted }
        return packet.spatialID > limits.spatial ? .waitingForKeyFrame : .waitingForLayerSwitch
    }
}
