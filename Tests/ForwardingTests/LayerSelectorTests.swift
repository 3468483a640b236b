import RTP
import Testing
import Wire

@testable import Forwarding

@Suite struct LayerSelectorTests {
    private static let a = SourceReference(1)
    private static let b = SourceReference(2)
    private static let lower = SourceReference(1, encoding: 1)

    private static func packet(
        spatial: UInt8 = 0, temporal: UInt8 = 0, _ temporalSwitch: PacketDescription.TemporalSwitch = .none,
        isKey: Bool = false, starts: Bool = true, ends: Bool = true
    ) -> PacketDescription {
        var packet = PacketDescription()
        packet.spatialID = spatial
        packet.temporalID = temporal
        packet.temporalSwitch = temporalSwitch
        packet.isKeyFrameStart = isKey
        packet.startsFrame = starts
        packet.endsFrame = ends
        packet.tellsFrameStarts = true
        return packet
    }

    /// A selector that forwards `a` within limits, from position 100 and timestamp 0.
    private static func forwarding(_ limits: LayerLimits = .all) -> LayerSelector {
        var selector = LayerSelector()
        selector.want(limits)
        selector.retarget(to: a)
        _ = selector.begin(a, at: 100, timestamp: 0)
        _ = selector.decideNewest(packet(isKey: true), timestamp: 0, hasMarker: false, at: 100)
        return selector
    }

    private static func isForwarded(_ verdict: LayerSelector.Verdict) -> Bool {
        if case .forward = verdict { true } else { false }
    }

    // MARK: - Sources

    @Test func `a source begins with its key frame and another takes over with its own`() {
        var selector = LayerSelector()
        #expect(selector.admission(of: Self.a, canBegin: true, timestamp: 0) == .refused(.inactiveLayer))
        selector.retarget(to: Self.a)
        #expect(selector.target == Self.a && selector.source == nil)
        #expect(
            selector.admission(of: Self.a, canBegin: false, timestamp: 0) == .refused(.waitingForKeyFrame))
        #expect(selector.admission(of: Self.b, canBegin: true, timestamp: 0) == .refused(.inactiveLayer))
        #expect(selector.admission(of: Self.a, canBegin: true, timestamp: 0) == .begins)
        #expect(selector.begin(Self.a, at: 1, timestamp: 0) == nil)
        #expect(selector.source == Self.a && selector.target == nil)

        selector.retarget(to: Self.b)
        #expect(selector.admission(of: Self.a, canBegin: false, timestamp: 1) == .current)
        #expect(
            selector.admission(of: Self.b, canBegin: false, timestamp: 1) == .refused(.waitingForKeyFrame))
        #expect(selector.admission(of: Self.b, canBegin: true, timestamp: 1) == .begins)
        #expect(selector.begin(Self.b, at: 2, timestamp: 0) == Self.a)
        #expect(selector.admission(of: Self.a, canBegin: true, timestamp: 2) == .refused(.inactiveLayer))
    }

    @Test func `to choose the present source gives up the target`() {
        var selector = Self.forwarding()
        selector.retarget(to: Self.b)
        selector.retarget(to: Self.a)
        #expect(selector.source == Self.a && selector.target == nil)
        #expect(selector.admission(of: Self.b, canBegin: true, timestamp: 1) == .refused(.inactiveLayer))
    }

    @Test func `a source that begins anew during a switch is not forgotten, and the switch goes on`() {
        var selector = Self.forwarding()
        selector.retarget(to: Self.b)
        selector.restart(Self.a)
        #expect(selector.source == Self.a && selector.target == Self.b)
        #expect(
            selector.admission(of: Self.a, canBegin: false, timestamp: 1) == .refused(.waitingForKeyFrame))
        #expect(selector.admission(of: Self.a, canBegin: true, timestamp: 1) == .begins)
        #expect(selector.begin(Self.a, at: 200, timestamp: 1) == nil)
        #expect(selector.source == Self.a && selector.target == Self.b)
        #expect(selector.begin(Self.b, at: 300, timestamp: 1) == Self.a)
        #expect(selector.source == Self.b && selector.target == nil)
    }

    @Test func `a restart of something else changes nothing`() {
        var selector = Self.forwarding()
        selector.restart(Self.b)
        #expect(selector.source == Self.a && selector.target == nil)
    }

    @Test func `what has ended is left, what goes on stays`() {
        var switching = Self.forwarding()
        switching.retarget(to: Self.b)
        var both = switching
        switching.detach(track: 2)
        #expect(switching.source == Self.a && switching.target == nil)
        both.detach(track: 1)
        #expect(both.source == nil && both.target == Self.b)
        both.detach(track: 2)
        #expect(both.source == nil && both.target == nil)

        var waiting = Self.forwarding()
        waiting.retarget(to: Self.b)
        waiting.restart(Self.a)
        var former = waiting
        waiting.detach(track: 1)
        #expect(waiting.source == nil && waiting.target == Self.b)
        former.detach(track: 2)
        #expect(former.source == nil && former.target == Self.a)

        var paused = Self.forwarding()
        paused.pause()
        _ = paused.admission(of: Self.a, canBegin: false, timestamp: 1)
        paused.detach(track: 1)
        #expect(paused.target == nil && paused.isPaused)
    }

    @Test func `a pause ends the picture first and is over with a key frame`() {
        var selector = Self.forwarding()
        _ = selector.decideNewest(Self.packet(ends: false), timestamp: 10, hasMarker: false, at: 101)
        selector.pause()
        #expect(selector.isPaused && selector.source == Self.a)
        #expect(selector.admission(of: Self.a, canBegin: false, timestamp: 10) == .current)
        #expect(selector.admission(of: Self.a, canBegin: false, timestamp: 0) == .current)
        #expect(selector.admission(of: Self.a, canBegin: true, timestamp: 20) == .refused(.paused))
        #expect(selector.source == nil && selector.target == Self.a)
        #expect(selector.admission(of: Self.a, canBegin: true, timestamp: 20) == .refused(.paused))
        selector.resume()
        #expect(!selector.isPaused)
        #expect(
            selector.admission(of: Self.a, canBegin: false, timestamp: 30) == .refused(.waitingForKeyFrame))
        #expect(selector.admission(of: Self.a, canBegin: true, timestamp: 30) == .begins)
    }

    @Test func `a pause that is over before the picture has ended has not been`() {
        var selector = Self.forwarding()
        selector.pause()
        selector.resume()
        #expect(selector.admission(of: Self.a, canBegin: false, timestamp: 20) == .current)
    }

    @Test func `during a pause another source can be chosen`() {
        var selector = LayerSelector()
        selector.pause()
        selector.retarget(to: Self.b)
        #expect(selector.target == Self.b && selector.isPaused)
        #expect(selector.admission(of: Self.b, canBegin: true, timestamp: 0) == .refused(.paused))
        selector.resume()
        #expect(selector.admission(of: Self.b, canBegin: true, timestamp: 0) == .begins)
    }

    // MARK: - Layers

    @Test(arguments: [
        // From, to, the picture that comes: layer, what it allows; where that leads.
        (UInt8(2), UInt8(0), UInt8(2), PacketDescription.TemporalSwitch.none, UInt8(0)),
        (2, 1, 0, .none, 1),
        (0, 2, 1, .none, 0), (0, 2, 1, .ownLayer, 1), (0, 2, 2, .ownLayer, 0), (1, 2, 2, .ownLayer, 2),
        (1, 2, 1, .ownLayer, 1), (0, 1, 1, .ownLayer, 1),
        (0, 2, 0, .levels(0b1111_1111), 2), (0, 1, 0, .levels(0b1111_1111), 1),
        (0, 2, 1, .levels(0b0000_0010), 1),
        (0, 2, 1, .levels(0b0000_0001), 0), (0, 7, 0, .levels(0b1111_1100), 7),
    ])
    func `temporal layers go at once and come back where they can`(
        from: UInt8, to: UInt8, temporal: UInt8, temporalSwitch: PacketDescription.TemporalSwitch,
        result: UInt8
    ) {
        var selector = Self.forwarding(LayerLimits(spatial: 7, temporal: from))
        selector.want(LayerLimits(spatial: 7, temporal: to))
        // In the middle of a picture nothing changes.
        _ = selector.decideNewest(
            Self.packet(temporal: temporal, temporalSwitch, starts: false), timestamp: 10, hasMarker: false,
            at: 101)
        #expect(selector.limits.temporal == from)
        _ = selector.decideNewest(
            Self.packet(temporal: temporal, temporalSwitch), timestamp: 20, hasMarker: false, at: 102)
        #expect(selector.limits.temporal == result)
    }

    @Test func `spatial layers come back with a key frame only, and are asked for`() {
        var selector = Self.forwarding(LayerLimits(spatial: 0, temporal: 7))
        selector.want(LayerLimits(spatial: 1, temporal: 7))
        var verdicts: [LayerSelector.Verdict] = []
        for (index, isKey) in [false, true].enumerated() {
            for spatial in 0...2 as ClosedRange<UInt8> {
                verdicts.append(
                    selector.decideNewest(
                        Self.packet(spatial: spatial, .levels(0xFF), isKey: isKey && spatial == 0),
                        timestamp: UInt32(index + 1), hasMarker: spatial == 2,
                        at: 101 + Int64(index * 3) + Int64(spatial)))
            }
        }
        #expect(
            verdicts == [
                .forward(endsPicture: true), .leaveOut(.waitingForKeyFrame), .leaveOut(.layerNotWanted),
                .forward(endsPicture: false), .forward(endsPicture: true), .leaveOut(.layerNotWanted),
            ])
    }

    @Test func `while a switch waits the old encoding goes on as it is`() {
        var selector = Self.forwarding(LayerLimits(spatial: 7, temporal: 2))
        selector.retarget(to: Self.lower)
        selector.want(LayerLimits(spatial: 7, temporal: 0))
        let old = selector.decideNewest(Self.packet(temporal: 2), timestamp: 10, hasMarker: true, at: 101)
        #expect(Self.isForwarded(old))
        _ = selector.begin(Self.lower, at: 102, timestamp: 20)
        #expect(selector.limits.temporal == 0)
    }

    @Test func `while an eased switch waits the old encoding gives its base temporal layer only`() {
        var selector = Self.forwarding(LayerLimits(spatial: 7, temporal: 2))
        selector.want(LayerLimits(spatial: 7, temporal: 2))
        selector.ease()
        selector.retarget(to: Self.lower)
        // The picture that has begun is sent to its end.
        let rest = selector.decideNewest(
            Self.packet(temporal: 2, starts: false), timestamp: 10, hasMarker: true, at: 101)
        let upper = selector.decideNewest(Self.packet(temporal: 1), timestamp: 20, hasMarker: true, at: 102)
        let base = selector.decideNewest(Self.packet(), timestamp: 30, hasMarker: true, at: 103)
        #expect(Self.isForwarded(rest) && !Self.isForwarded(upper) && Self.isForwarded(base))
        _ = selector.begin(Self.lower, at: 104, timestamp: 40)
        #expect(selector.limits.temporal == 2)
    }

    @Test func `an eased switch that is given up leaves nothing eased`() {
        var selector = Self.forwarding(LayerLimits(spatial: 7, temporal: 2))
        selector.ease()
        selector.retarget(to: Self.lower)
        _ = selector.decideNewest(Self.packet(.levels(0xFF)), timestamp: 10, hasMarker: true, at: 101)
        #expect(selector.limits.temporal == 0)
        selector.want(LayerLimits(spatial: 7, temporal: 2))
        selector.retarget(to: Self.a)
        _ = selector.decideNewest(Self.packet(.levels(0xFF)), timestamp: 20, hasMarker: true, at: 102)
        #expect(selector.limits.temporal == 2)
        // Of the next switch nobody has asked for that.
        selector.retarget(to: Self.lower)
        let upper = selector.decideNewest(Self.packet(temporal: 2), timestamp: 30, hasMarker: true, at: 103)
        #expect(Self.isForwarded(upper))
    }

    @Test func `a late packet is decided by the limits of its place`() {
        var selector = Self.forwarding(LayerLimits(spatial: 7, temporal: 2))
        for step in 1...5 as ClosedRange<Int64> {
            selector.want(LayerLimits(spatial: 7, temporal: step % 2 == 1 ? 0 : 2))
            // Each change ten positions after the last.
            _ = selector.decideNewest(
                Self.packet(.levels(0xFF)), timestamp: UInt32(step), hasMarker: true, at: 100 + step * 10)
        }
        let forwarded = [105, 110, 115, 125, 135, 145, 155].map {
            Self.isForwarded(selector.decideLate(Self.packet(temporal: 1), at: $0))
        }
        #expect(forwarded == [true, false, false, true, false, true, false])
        #expect(Self.isForwarded(selector.decideLate(Self.packet(), at: 115)))
        #expect(!Self.isForwarded(selector.decideLate(Self.packet(), at: 99)))
    }

    @Test func `a change that was forgotten leaves late packets out`() {
        var selector = Self.forwarding(LayerLimits(spatial: 7, temporal: 2))
        for step in 1...20 as ClosedRange<Int64> {
            selector.want(LayerLimits(spatial: 7, temporal: step % 2 == 1 ? 0 : 2))
            _ = selector.decideNewest(
                Self.packet(.levels(0xFF)), timestamp: UInt32(step), hasMarker: true, at: 100 + step)
        }
        #expect(!Self.isForwarded(selector.decideLate(Self.packet(), at: 101)))
        #expect(Self.isForwarded(selector.decideLate(Self.packet(), at: 119)))
    }
}
