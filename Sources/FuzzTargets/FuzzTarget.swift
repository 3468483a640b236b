import RTP
import STUN
import Wire

/// A parser of input from the network, as the fuzzer and the replay of its findings call it.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case stun, rtp, rtcp, congestion, sdp, vp8, vp9, h264, av1, dependencies, lane, ivf, y4m, grant

    /// Gives `input` to the parser and to whatever reads its result. Returning is success: what is wrong
    /// traps.
    package func run(_ input: Span<UInt8>) {
        switch self {
        case .stun: Self.stun(input)
        case .rtp: Self.rtp(input)
        case .rtcp: RTCPTarget.run(input)
        case .congestion: CongestionTarget.run(input)
        case .sdp: SDPTarget.run(input)
        case .vp8: Self.vp8(input)
        case .vp9: Self.vp9(input)
        case .h264: Self.h264(input)
        case .av1: Self.av1(input)
        case .dependencies: DependencyTarget.run(input)
        case .lane: LaneSourceTarget.run(input)
        case .ivf: MediaFileTarget.ivf(input)
        case .y4m: MediaFileTarget.y4m(input)
        case .grant: GrantTarget.run(input)
        }
    }

    private static func stun(_ input: Span<UInt8>) {
        guard let message = try? STUNMessage(parsing: input) else { return }
        precondition(STUNMessage.looksLikeSTUN(input), "what parses looks like STUN")
        let password: InlineArray<4, UInt8> = [1, 2, 3, 4]
        precondition(!message.isAuthentic(input, password: password.span), "nobody guesses a password")
        guard let (local, remote) = message.usernameParts(in: input), let username = message.username else {
            return
        }
        precondition(local.count + 1 + remote.count == username.count, "the parts make up the whole")
    }

    private static func rtp(_ input: Span<UInt8>) {
        guard let header = RTPHeader(parsing: input) else { return }
        precondition(
            header.payload.upperBound + header.paddingLength == input.count, "the padding ends the packet")
        var elements = 0
        header.extensions.forEach(in: input) { id, data in
            elements += 1
            precondition(data.upperBound <= header.payload.lowerBound, "an element lies in the header")
            if let level = AudioLevel(parsing: input, at: data) {
                precondition(level.level <= 127, "an audio level has seven bits")
            }
            if let time = AbsoluteSendTime(parsing: input, at: data) {
                precondition(time.rawValue < 1 << 24, "a send time has 24 bits")
            }
            precondition(
                header.extensions.range(of: id, in: input) != nil, "an element is found by its number")
        }
        precondition(elements <= input.count, "elements take room")
        for codec in VideoCodec.allCases {
            let payload = input.extracting(header.payload)
            precondition(
                PacketDescription(codec, payload).isKeyFrameStart == codec.isKeyFrameStart(payload: payload),
                "one opinion on key frames")
        }
    }

    private static func vp8(_ input: Span<UInt8>) {
        guard let descriptor = VP8Descriptor(parsing: input) else { return }
        precondition(descriptor.headerLength <= input.count, "the descriptor lies in the payload")
        precondition(descriptor.pictureIDOffset < input.count, "the picture ID lies in the payload")
        precondition(descriptor.tl0PictureIndexOffset < input.count, "the index lies in the payload")
        precondition(descriptor.pictureID ?? 0 < 1 << 15, "a picture ID has 15 bits")
        precondition(descriptor.temporalID <= 3, "a temporal layer has two bits")
        if let size = descriptor.keyFrameSize {
            precondition(size.width < 1 << 14 && size.height < 1 << 14, "a size has 14 bits")
        }
    }

    private static func vp9(_ input: Span<UInt8>) {
        guard let descriptor = VP9Descriptor(parsing: input) else { return }
        precondition(descriptor.headerLength <= input.count, "the descriptor lies in the payload")
        precondition(descriptor.pictureIDOffset < input.count, "the picture ID lies in the payload")
        precondition(descriptor.tl0PictureIndexOffset < input.count, "the index lies in the payload")
        precondition(descriptor.pictureID ?? 0 < 1 << 15, "a picture ID has 15 bits")
        precondition(descriptor.pictureDifferenceCount <= 3, "a picture has at most three references")
        guard let structure = descriptor.scalabilityStructure else { return }
        precondition(structure.sizes.upperBound <= descriptor.headerLength, "sizes lie in the descriptor")
        for layer in 0...8 { _ = structure.size(ofLayer: layer, in: input) }
    }

    private static func h264(_ input: Span<UInt8>) {
        let payload = H264Payload(parsing: input)
        precondition(
            payload?.startsKeyFrame ?? false == VideoCodec.h264.isKeyFrameStart(payload: input),
            "one opinion on key frames")
    }

    private static func av1(_ input: Span<UInt8>) {
        guard let payload = AV1Payload(parsing: input) else { return }
        precondition(payload.elementCount <= 3, "a count has two bits")
        precondition(!payload.startsCodedVideoSequence || !payload.continuesElement, "a sequence begins anew")
    }
}
