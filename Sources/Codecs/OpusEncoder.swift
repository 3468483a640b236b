import COpus

/// How a voice is encoded: one channel, wide band, variable bitrate that is held to its average, nothing in silence.
package struct VoiceEncoding: Sendable, Equatable {
    /// How much sound one packet has. Longer ones have less overhead and come later.
    package enum FrameLength: Int, Sendable, CaseIterable {
        case milliseconds20 = 20
        case milliseconds40 = 40
        case milliseconds60 = 60

        /// Of 48 kHz.
        package var samples: Int { rawValue * 48 }
    }

    /// What a voice takes at least to be understood, and what wide band has no use for.
    package static let bitrates = 6000...40_000

    package var frameLength = FrameLength.milliseconds60
    package var bitsPerSecond = 16_000
    /// Percent of packets that get lost, as libopus is told: from 1 on packets have copies of the one before, if the bits are
    /// enough for that.
    package var expectedLoss = 0
    /// libopus' search, 0 fastest to 10 best.
    package var complexity = 9

    package init() {}

    /// What suits listeners who lose so many percent of the packets.
    ///
    /// libopus takes copies out of the bitrate, and does without them or gives up the wide band when it finds too little. Told of
    /// a quarter lost it does neither from 18 kbit/s on; the copies are worth it as soon as anything is lost, since each packet
    /// has 60 ms.
    package static func suited(toLoss percent: Int) -> VoiceEncoding {
        var encoding = VoiceEncoding()
        guard percent > 0 else { return encoding }
        encoding.bitsPerSecond = 18_000
        encoding.expectedLoss = 25
        return encoding
    }
}

/// One mix's encoder.
@safe
package struct OpusEncoder: ~Copyable {
    /// Packets of so many bytes or fewer need not be sent.
    private static let silenceBytes = 2
    /// A packet is never larger than so many times the average.
    private static let peak = 2

    /// What became of a frame.
    package enum Outcome: Sendable, Equatable {
        /// So many bytes were appended.
        case packet(bytes: Int)
        /// Nothing is heard in it: nothing was appended.
        case silence
    }

    package private(set) var encoding: VoiceEncoding
    /// Packets since libopus last found nothing to say.
    private var packetsInRow = 0
    private let state: OpaquePointer

    package init(_ encoding: VoiceEncoding) throws(CodecError) {
        var status: Int32 = 0
        guard
            let made = unsafe opus_encoder_create(
                Int32(OpusDecoder.sampleRate), 1, OPUS_APPLICATION_VOIP, &status)
        else {
            throw .cannotOpen(reason: opusReason(status))
        }
        unsafe state = made
        self.encoding = encoding
        set(OPUS_SET_SIGNAL_REQUEST, OPUS_SIGNAL_VOICE)
        set(OPUS_SET_MAX_BANDWIDTH_REQUEST, OPUS_BANDWIDTH_WIDEBAND)
        set(OPUS_SET_VBR_REQUEST, 1)
        set(OPUS_SET_VBR_CONSTRAINT_REQUEST, 1)
        set(OPUS_SET_DTX_REQUEST, 1)
        apply()
    }

    deinit {
        unsafe opus_encoder_destroy(state)
    }

    /// Takes effect with the next frame.
    package mutating func change(_ new: VoiceEncoding) {
        guard new != encoding else { return }
        encoding = new
        apply()
    }

    /// Encodes a frame of `encoding.frameLength` and appends the packet to `bytes`, unless nothing is heard in it.
    ///
    /// - Parameter samples: full scale being 1.
    package mutating func encode(
        _ samples: Span<Float>, into bytes: inout [UInt8]
    ) throws(CodecError) -> Outcome {
        precondition(samples.count == encoding.frameLength.samples, "one frame")
        let average = encoding.bitsPerSecond * encoding.frameLength.rawValue / 8000
        let limit = average * Self.peak
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: limit))
        let length = unsafe samples.withUnsafeBufferPointer { input in
            unsafe bytes.withUnsafeMutableBufferPointer { output in
                guard let sound = input.baseAddress, let place = output.baseAddress else {
                    return Int(OPUS_BAD_ARG)
                }
                return unsafe Int(
                    opus_encode_float(
                        state, sound, Int32(input.count), place + start, Int32(limit)))
            }
        }
        // The first of the small packets is sent, so that the decoder knows of the pause and makes nothing up; not so after
        // one that libopus makes now and then in a long silence, which always comes alone.
        let isSmall = length <= Self.silenceBytes
        let isFirst = packetsInRow > 1
        packetsInRow = isSmall ? 0 : packetsInRow + 1
        if length <= 0 || isSmall && !isFirst {
            bytes.removeLast(limit)
            if length < 0 { throw .refused(reason: opusReason(Int32(clamping: length))) }
            return .silence
        }
        bytes.removeLast(limit - length)
        return .packet(bytes: length)
    }

    // MARK: - Private

    private func apply() {
        set(OPUS_SET_BITRATE_REQUEST, Int32(clamping: encoding.bitsPerSecond))
        set(OPUS_SET_COMPLEXITY_REQUEST, Int32(clamping: min(max(encoding.complexity, 0), 10)))
        set(OPUS_SET_INBAND_FEC_REQUEST, encoding.expectedLoss > 0 ? 1 : 0)
        set(OPUS_SET_PACKET_LOSS_PERC_REQUEST, Int32(clamping: min(max(encoding.expectedLoss, 0), 100)))
    }

    private func set(_ request: Int32, _ value: Int32) {
        _ = unsafe smartc_opus_encoder_set(state, request, value)
    }
}
