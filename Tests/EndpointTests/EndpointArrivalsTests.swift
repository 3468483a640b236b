import DTLS
import RTP
import SDP
import Testing
import Wire

@testable import Endpoint

/// What an endpoint makes of the answer and of what arrives: which slot a packet is in, and what is told of it.
@Suite struct EndpointArrivalsTests {
    private static let certificate = try? Certificate()
    private let start = Instant(nanoseconds: 1_000_000_000)

    /// An endpoint and the answer of a relay that numbers all that it sends: the SSRC of slot n is 100 + n, of its RTX
    /// stream 200 + n.
    private func endpoint(
        _ settings: EndpointSettings = .participant(video: 2, audio: 1)
    ) throws -> Endpoint {
        var endpoint = try Endpoint(
            settings, certificate: try #require(Self.certificate), seed: 1, at: start)
        var sending = Negotiation.Policy.Terms.subscriber
        sending.audioFeedback.insert(.transportCC)
        sending.videoFeedback.insert(.transportCC)
        sending.extensions.insert(.transportWideCC)
        let negotiation = try Negotiation(
            offer: SessionDescription(parsing: endpoint.offer),
            policy: .init(receiving: .publisher, sending: sending, takesSimulcast: true))
        let sections = negotiation.sections.filter(\.direction.sends).map { section in
            LocalSection(
                mid: section.mid, ssrc: 100 + (UInt32(section.mid) ?? 0),
                retransmissionSSRC: section.kind == .video ? 200 + (UInt32(section.mid) ?? 0) : nil,
                cname: "c", streamID: "s", trackID: section.mid)
        }
        let answer = negotiation.answer(
            LocalDescription(
                sessionID: 1, version: 1, ufrag: "ufrg", pwd: "passwordpasswordpassword",
                fingerprint: SDP.Fingerprint(algorithm: "sha-256", bytes: [UInt8](repeating: 7, count: 32)),
                candidates: [SocketAddress(ipv4: 0x7F00_0001, port: 9)], sections: sections))
        try endpoint.accept(answer: answer, at: start)
        return endpoint
    }

    /// A packet with a transport-wide number in its extension.
    private func packet(
        _ payloadType: UInt8, ssrc: UInt32, number: UInt16, transport: UInt16, payload: [UInt8],
        padding: UInt8 = 0, hasMarker: Bool = false
    ) -> [UInt8] {
        [UInt8](capacity: 1200) { output in
            output.append(padding > 0 ? 0xB0 : 0x90)
            output.append(payloadType | (hasMarker ? 0x80 : 0))
            output.append(bigEndian: number)
            output.append(bigEndian: 90_000 as UInt32)
            output.append(bigEndian: ssrc)
            var elements = ExtensionElements()
            elements.append(OfferLayout.transportWideCC, bytes: UInt32(transport), count: 2)
            elements.write(into: &output)
            for byte in payload { output.append(byte) }
            guard padding > 0 else { return }
            output.append(repeating: 0, count: Int(padding) - 1)
            output.append(padding)
        }
    }

    private func picture(_ source: inout SyntheticVideo) -> [UInt8] { source.nextFrame(at: start)[0] }

    private func small(_ source: UInt32) -> SyntheticVideo {
        SyntheticVideo(
            source: source, layer: .init(bitsPerSecond: 60_000), settings: .init(), pictureID: 1)
    }

    @Test func `a participant offers transport-wide feedback for what it receives, a watcher does not`()
        throws
    {
        for (settings, isOffered) in [
            (EndpointSettings.participant(video: 1, audio: 1), true), (.watcher, false),
        ] {
            let endpoint = try endpoint(settings)
            let receiving = try SessionDescription(parsing: endpoint.offer).sections.filter {
                $0.direction == .recvonly
            }
            #expect(!receiving.isEmpty)
            for section in receiving {
                #expect(section.extensions.contains { $0.kind == .transportWideCC } == isOffered)
                #expect(section.codecs.contains { $0.feedback.contains(.transportCC) } == isOffered)
            }
            let reports = endpoint.arrivals != nil
            #expect(reports == isOffered)
        }
    }

    @Test func `packets are in the slots whose SSRCs the answer names`() throws {
        var endpoint = try endpoint()
        var first = small(1)
        var second = small(2)
        for (ssrc, payload) in [(UInt32(103), picture(&second)), (102, picture(&first))] {
            endpoint.receiveMedia(
                packet(96, ssrc: ssrc, number: 1, transport: 1, payload: payload, hasMarker: true).span,
                at: start)
        }
        let shown = ["2", "3", "4"].map { endpoint.stream(in: $0)?.statistics.source }
        #expect(shown == [1, 2, nil])
        let sizes = endpoint.incoming.map(\.statistics.size)
        #expect(sizes == [PictureSize(width: 320, height: 240), PictureSize(width: 320, height: 240)])
        // Whoever is not named is in the first section of the kind, and in no slot.
        endpoint.receiveMedia(
            packet(96, ssrc: 999, number: 1, transport: 2, payload: picture(&first)).span, at: start)
        let strange = endpoint.incoming.last
        #expect(strange?.ssrc == 999 && strange?.mid == nil && strange?.kind == .video)
    }

    @Test func `padding is told of, and is neither a loss nor an error`() throws {
        var endpoint = try endpoint()
        var source = small(1)
        for (number, payload) in [picture(&source), [], [], picture(&source)].enumerated() {
            endpoint.receiveMedia(
                packet(
                    96, ssrc: 102, number: UInt16(number), transport: UInt16(number), payload: payload,
                    padding: payload.isEmpty ? 200 : 0, hasMarker: !payload.isEmpty
                ).span, at: start)
        }
        for number in 4..<8 as Range<UInt16> {
            endpoint.receiveMedia(
                packet(97, ssrc: 202, number: number, transport: number, payload: [], padding: 255).span,
                at: start)
        }
        let slot = endpoint.stream(in: "2")
        let seen = try #require(slot?.statistics)
        #expect(seen.packets == 2 && seen.padding == 2 && seen.frames == 2)
        #expect(seen.lost + seen.corrupted + seen.contentGaps + seen.brokenFrames + seen.duplicates == 0)
        let streams = endpoint.incoming.count
        #expect(streams == 1 && slot?.missingPackets == 0)
        let counters = endpoint.counters
        #expect(counters.padding == 4 && counters.unexplained == 0 && counters.malformed == 0)
        let numbers = try told(&endpoint)
        #expect(numbers == Array(0..<8))
    }

    @Test func `without decryption arrivals are told and padding is counted all the same`() throws {
        var endpoint = try endpoint()
        for number in 0..<4 as Range<UInt16> {
            var bytes = packet(
                96, ssrc: 102, number: number, transport: number, payload: [1, 2, 3],
                padding: number % 2 == 1 ? 9 : 0, hasMarker: number % 2 == 0)
            // The end is encrypted: what it says of the padding is nonsense.
            bytes[bytes.count - 1] = 255
            endpoint.countMedia(bytes.span, at: start + .milliseconds(Int(number)))
        }
        let slot = endpoint.stream(in: "2")
        let seen = try #require(slot?.statistics)
        #expect(seen.packets == 2 && seen.padding == 2 && seen.lost == 0)
        #expect(seen.firstFrameAt == start)
        let numbers = try told(&endpoint)
        #expect(numbers == Array(0..<4))
    }

    /// The transport-wide numbers that the endpoint would tell to have arrived.
    private func told(_ endpoint: inout Endpoint) throws -> [UInt16] {
        let due = endpoint.nextFeedback
        #expect(due == start + .milliseconds(50))
        let arrivals = endpoint.arrivals
        var recorder = try #require(arrivals)
        let media = recorder.mediaSSRC
        #expect(media == 102)
        let compound = [UInt8](capacity: 1200) { _ = recorder.writeFeedback(into: &$0) }
        var headers: [TransportFeedbackHeader] = []
        let isWhole = RTCPReader.forEachPacket(in: compound.span) { packet in
            if case .transportFeedback(let header) = packet { headers.append(header) }
        }
        #expect(isWhole)
        var numbers: [UInt16] = []
        _ = try #require(headers.first).forEachResult(in: compound.span) { number, arrival in
            if arrival != nil { numbers.append(number) }
        }
        return numbers
    }
}
