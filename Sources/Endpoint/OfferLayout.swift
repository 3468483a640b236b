import RTP
import SDP
import STUN
import Wire

/// The numbers of an endpoint's offer: the ones that Chromium uses, and SSRCs at random.
struct OfferLayout {
    static let opus: UInt8 = 111
    static let vp8: UInt8 = 96
    static let vp8Retransmission: UInt8 = 97
    static let vp9: UInt8 = 98
    static let vp9Retransmission: UInt8 = 99
    static let audioLevel: UInt8 = 1
    static let absoluteSendTime: UInt8 = 2
    static let transportWideCC: UInt8 = 3
    static let mid: UInt8 = 4
    static let playoutDelay: UInt8 = 5
    static let rid: UInt8 = 10
    static let repairedRID: UInt8 = 11

    /// One stream that may be sent.
    struct Stream {
        let section: Int
        /// The position among the layers of its section.
        let layer: Int
        let rid: String?
        let bitsPerSecond: Int
        let ssrc: UInt32
        let retransmissionSSRC: UInt32
    }

    let streams: [Stream]

    init(_ settings: EndpointSettings, using generator: inout some RandomNumberGenerator) {
        var streams: [Stream] = []
        for (index, section) in settings.sections.enumerated() where section.direction.sends {
            let layers =
                section.kind == .video
                ? settings.video.layers : [.init(bitsPerSecond: settings.audio.bitsPerSecond)]
            for (number, layer) in layers.enumerated() {
                streams.append(
                    Stream(
                        section: index, layer: number, rid: layer.rid, bitsPerSecond: layer.bitsPerSecond,
                        ssrc: generator.next(),
                        retransmissionSSRC: generator.next()))
            }
        }
        self.streams = streams
    }

    func offer(_ settings: EndpointSettings, _ credentials: STUN.ICECredentials, fingerprint: [UInt8])
        -> String
    {
        let sections = settings.sections.enumerated().map { index, section in
            self.section(section, at: index, settings)
        }
        return OfferBuilder(
            ufrag: credentials.ufrag, pwd: credentials.password,
            fingerprint: SDP.Fingerprint(
                algorithm: "sha-256", bytes: settings.announcedFingerprint ?? fingerprint),
            setup: settings.setup, sections: sections
        ).text
    }

    private func section(
        _ section: EndpointSettings.Section, at index: Int, _ settings: EndpointSettings
    ) -> OfferBuilder.Section {
        let own = streams.filter { $0.section == index }
        let rids = own.compactMap(\.rid)
        let isAudio = section.kind == .audio
        var extensions: [(id: UInt8, kind: HeaderExtensionKind)] = [(Self.mid, .mid)]
        // Of no use to a receiver that estimates nothing.
        if section.direction.sends || settings.bandwidthFeedback == .remb {
            extensions.append((Self.absoluteSendTime, .absoluteSendTime))
        }
        if isAudio { extensions.append((Self.audioLevel, .audioLevel)) }
        if !isAudio, section.direction != .sendonly {
            extensions.append((Self.playoutDelay, .playoutDelay))
        }
        if !isAudio { extensions += [(Self.rid, .rid), (Self.repairedRID, .repairedRID)] }
        // Whoever only receives estimates nothing, but may tell what arrives.
        let wantsTransportWide =
            section.direction == .recvonly
            ? settings.reportsArrivals : settings.bandwidthFeedback == .transportWide
        if wantsTransportWide {
            extensions.append((Self.transportWideCC, .transportWideCC))
        }
        let hasRTX = !isAudio && settings.hasRetransmissionStreams && settings.repairsLosses
        let announced = rids.isEmpty && settings.announcesSSRCs ? own.first : nil
        var built = OfferBuilder.Section(
            kind: section.kind, mid: String(index), direction: section.direction,
            codecs: isAudio
                ? [(Self.opus, .opus, nil)] : [Self.picture(settings.videoCodec, hasRTX: hasRTX)],
            extensions: extensions, ssrc: announced?.ssrc,
            rtxSSRC: hasRTX ? announced?.retransmissionSSRC : nil, rids: rids)
        built.feedback = isAudio ? [] : settings.repairsLosses ? [.nack, .pli, .fir] : [.pli, .fir]
        if wantsTransportWide { built.feedback.append(.transportCC) }
        if settings.bandwidthFeedback == .remb, !isAudio {
            built.feedback.append(.remb)
        }
        return built
    }

    private static func picture(
        _ codec: Codec, hasRTX: Bool
    ) -> (payloadType: UInt8, codec: Codec, rtx: UInt8?) {
        codec == .vp8
            ? (vp8, codec, hasRTX ? vp8Retransmission : nil)
            : (vp9, codec, hasRTX ? vp9Retransmission : nil)
    }
}
