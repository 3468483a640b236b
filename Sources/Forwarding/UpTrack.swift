import BasicContainers
package import RTP
package import SDP
package import Wire

/// A source's media as received: one section of a publisher's offer with its encodings and those who subscribe to it.
package struct UpTrack: ~Copyable {
    /// What a packet turned out to be.
    package enum Reception: Sendable, Equatable {
        case accepted
        /// The source began anew, with other numbers: so must those who receive it.
        case restarted
        /// It must not be forwarded.
        case refused(DropReason)
    }

    /// More simulcast layers than any browser sends.
    package static let encodingLimit = 4
    /// A layer from which nothing has come for this long is off.
    private static let silence = Duration.seconds(1)

    /// The slot number of the publisher's session.
    package let session: Int
    /// What was agreed on with the publisher.
    package let section: NegotiatedSection
    package let mid: String
    package let kind: MediaKind
    package let codecs: [NegotiatedCodec]
    package let identifiers: ExtensionIdentifiers
    package let clockRate: UInt32
    package let feedback: Set<Feedback>
    /// What the offer's a=ssrc and a=ssrc-group:FID lines say (RFC 5576).
    let signalledSSRCs: [UInt32]
    let retransmissionGroups: [(primary: UInt32, rtx: UInt32)]
    private(set) var encodings = UniqueArray<Encoding>()
    /// Whether its frames are made here, by a lane: all of them are of one layer, whatever their descriptors say.
    package var isLane = false
    /// Whether its packets are made here, of several voices.
    package var isMix = false
    /// The number of the transcoder that its packets are for, too.
    package var transcoder: UInt32?
    /// The number under which its packets go into its room's mixes, too.
    package var voice: UInt32?
    /// Whether its packets are forwarded to nobody.
    package var isMuted = false
    /// The slot numbers of the down tracks that its packets are offered to.
    package private(set) var subscribers: [Int] = []
    /// The encoding that subscribers are given: the highest that is being received.
    package private(set) var preferred = 0

    package init(session: Int, section: NegotiatedSection) {
        self.session = session
        self.section = section
        mid = section.mid
        kind = section.kind
        codecs = section.codecs
        identifiers = ExtensionIdentifiers(section.extensions)
        clockRate = section.codecs.first?.codec.clockRate ?? 90000
        signalledSSRCs = section.ssrcs
        retransmissionGroups = section.fidGroups
        feedback = section.codecs.reduce(into: []) { $0.formUnion($1.feedback) }
    }

    /// The codec that a payload type stands for.
    package func codec(of payloadType: UInt8) -> Codec? {
        for codec in codecs where codec.payloadType == payloadType { return codec.codec }
        return nil
    }

    /// The codec of the packets that came last; nil before the first.
    package var arrivingCodec: Codec? {
        encodings.count > preferred ? encodings[preferred].lastPayloadType.flatMap { codec(of: $0) } : nil
    }

    /// The payload type whose retransmissions this one marks (RFC 4588 section 8.1).
    package func associatedPayloadType(of retransmission: UInt8) -> UInt8? {
        for codec in codecs where codec.retransmissionPayloadType == retransmission {
            return codec.payloadType
        }
        return nil
    }

    /// The down track in a place of the list of `subscribers`; nil behind its end. It changes nothing, but is called by
    /// address.
    package mutating func subscriber(_ place: Int) -> Int? {
        place < subscribers.count ? subscribers[place] : nil
    }

    package mutating func subscribe(_ downTrack: Int) {
        if !subscribers.contains(downTrack) { subscribers.append(downTrack) }
    }

    package mutating func unsubscribe(_ downTrack: Int) {
        if let index = subscribers.firstIndex(of: downTrack) {
            subscribers.swapAt(index, subscribers.count - 1)
        }
        if subscribers.last == downTrack { subscribers.removeLast() }
    }

    /// Adds an encoding whose SSRC has been seen for the first time and returns its number; nil when there are too
    /// many. A new SSRC for a RID takes the place of the former one: its subscribers have to begin anew.
    package mutating func add(ssrc: UInt32, rid: String?) -> Int? {
        if rid != nil {
            for index in 0..<encodings.count where encodings[index].rid == rid {
                encodings[index] = Encoding(ssrc: ssrc, rid: rid, isRepairable: feedback.contains(.nack))
                return index
            }
        }
        guard encodings.count < Self.encodingLimit else { return nil }
        encodings.append(Encoding(ssrc: ssrc, rid: rid, isRepairable: feedback.contains(.nack)))
        return encodings.count - 1
    }

    // MARK: - Encodings, by number

    /// Whether packets are kept for some time.
    package var isStored: Bool { feedback.contains(.nack) }

    /// How many encodings have been seen.
    package var encodingCount: Int { encodings.count }

    /// The encoding that subscribers are given; nil before the first packet.
    package var preferredEncoding: Int? { preferred < encodings.count ? preferred : nil }

    package func ssrc(of encoding: Int) -> UInt32 {
        encodings[encoding].ssrc
    }

    /// The RID of a simulcast layer, else nil.
    package func rid(of encoding: Int) -> String? {
        encodings[encoding].rid
    }

    /// Notes a packet, be it new or sent again.
    package mutating func receive(
        _ packet: Span<UInt8>, _ header: RTPHeader, of encoding: Int, isRetransmission: Bool, at now: Instant
    ) -> Reception {
        encodings[encoding].receive(
            packet, header, clockRate: clockRate, isRetransmission: isRetransmission, at: now)
    }

    /// Describes a packet that was received, for all subscribers at once.
    package mutating func describe(
        _ packet: Span<UInt8>, _ header: RTPHeader, of encoding: Int, at now: Instant
    ) -> PacketDescription {
        guard let codec = codec(of: header.payloadType)?.video else { return PacketDescription() }
        let dependencies =
            identifiers.dependencyDescriptor == 0
            ? nil : header.extensions.range(of: identifiers.dependencyDescriptor, in: packet)
        return encodings[encoding].describe(packet, header, codec, dependencies: dependencies, at: now)
    }

    /// Describes a packet of a lane.
    package mutating func describe(
        _ packet: Span<UInt8>, _ header: RTPHeader, for audience: PacketDescription.Audience, at now: Instant
    ) -> PacketDescription {
        guard let codec = codec(of: header.payloadType)?.video else { return PacketDescription() }
        return encodings[0].describe(packet, header, codec, for: audience, at: now)
    }

    /// The short side of an encoding's pictures in pixels, once a key frame has told.
    package func shortSide(of encoding: Int) -> Int? {
        encoding < encodings.count ? encodings[encoding].shortSide : nil
    }

    /// The layers that are being received, the one with the fewest bits first: what an allocator of bitrate can choose
    /// from.
    package mutating func layers(at now: Instant) -> [LayerOption] {
        var options: [LayerOption] = []
        for index in 0..<encodings.count where !isSilent(index, at: now) {
            encodings[index].appendLayers(
                to: &options, number: UInt8(truncatingIfNeeded: index), at: now)
        }
        options.sort { $0.bitsPerSecond < $1.bitsPerSecond }
        return options
    }

    package mutating func receive(_ report: SenderReport, of encoding: Int, at now: Instant) {
        encodings[encoding].receive(report, at: now)
    }

    /// What the publisher's last sender report says of its clocks.
    package func clock(of encoding: Int) -> SenderClock? {
        encodings[encoding].clock
    }

    /// Asks for a key frame when that is due.
    ///
    /// - Parameters:
    ///   - urgency: what whoever asks sees meanwhile.
    ///   - count: how many wait at this moment.
    package mutating func requestKeyFrame(
        of encoding: Int, because cause: KeyFrameCause = .subscriber, _ urgency: KeyFrameUrgency = .nothing,
        waiting count: Int = 1
    ) {
        encodings[encoding].keyFrames.request(because: cause, urgency, waiting: count)
    }

    /// Takes note of a key frame's beginning. Returns why it came.
    package mutating func keyFrameArrived(of encoding: Int, at now: Instant) -> KeyFrameCause {
        encodings[encoding].keyFrameArrived(at: now)
    }

    /// The key frames of an encoding that came for this reason.
    package func keyFrames(of encoding: Int, because cause: KeyFrameCause) -> UInt32 {
        encodings[encoding].keyFramesByCause[cause.rawValue]
    }

    /// The key frames of all encodings since the track began.
    package var keyFramesReceived: UInt64 {
        var sum: UInt64 = 0
        for index in 0..<encodings.count { sum &+= encodings[index].keyFramesReceived }
        return sum
    }

    /// Whether the publisher is to be asked for a key frame now. It is taken as asked.
    ///
    /// - Parameter isStorm: whether many join the room at present, so that more will soon need what a few need now.
    package mutating func takeKeyFrameRequest(
        of encoding: Int, at now: Instant, isStorm: Bool = false
    ) -> Bool {
        guard feedback.contains(.pli) || feedback.contains(.fir) else { return false }
        return encodings[encoding].takeKeyFrameRequest(at: now, isStorm: isStorm)
    }

    /// Appends the numbers of the packets to ask the publisher for now.
    package mutating func dueRepairs(
        of encoding: Int, roundTrip: Duration, into list: inout [UInt16], at now: Instant
    ) {
        guard feedback.contains(.nack) else { return }
        encodings[encoding].dueRequests(at: now, roundTrip: roundTrip, into: &list)
    }

    /// Lets a packet that its sender misses, too, not be asked for before `time`.
    package mutating func postponeRepair(_ sequenceNumber: UInt16, of encoding: Int, until time: Instant) {
        encodings[encoding].postponeRepair(sequenceNumber, until: time)
    }

    package mutating func reportBlock(of encoding: Int, at now: Instant) -> ReportBlock {
        encodings[encoding].reportBlock(at: now)
    }

    /// What arrives at present.
    package mutating func bitsPerSecond(of encoding: Int, at now: Instant) -> Int {
        encodings[encoding].bitsPerSecond(at: now)
    }

    /// Calls `body` with a packet that arrived not long ago, or returns nil.
    package func withStored<Result>(
        _ sequenceNumber: UInt16, of encoding: Int, _ body: (Span<UInt8>, RTPHeader) -> Result
    ) -> Result? {
        encodings[encoding].withStored(sequenceNumber, body)
    }

    /// Chooses the highest encoding that is being received: the one with the most bits, and clearly more than the
    /// present one's. Returns whether the choice has changed.
    package mutating func choosePreferred(at now: Instant) -> Bool {
        guard encodings.count > 1 else { return false }
        var best = preferred
        var bestRate = isSilent(preferred, at: now) ? 0 : encodings[preferred].bitsPerSecond(at: now) * 3 / 2
        for index in 0..<encodings.count where index != preferred && !isSilent(index, at: now) {
            let rate = encodings[index].bitsPerSecond(at: now)
            if rate > bestRate {
                best = index
                bestRate = rate
            }
        }
        guard best != preferred else { return false }
        preferred = best
        return true
    }

    private func isSilent(_ index: Int, at now: Instant) -> Bool {
        guard let last = encodings[index].lastArrival else { return true }
        return last + Self.silence < now
    }
}
