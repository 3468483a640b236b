import COpus

/// One voice's decoder: any Opus packet, be it mono or stereo and of any bandwidth, to one channel of 48 kHz.
@safe
package struct OpusDecoder: ~Copyable {
    /// Samples in a second of what comes out.
    package static let sampleRate = 48_000
    /// What is made without a packet comes in multiples of 2.5 ms.
    package static let step = 120

    private let state: OpaquePointer

    package init() throws(CodecError) {
        var status: Int32 = 0
        guard let made = unsafe opus_decoder_create(Int32(Self.sampleRate), 1, &status) else {
            throw .cannotOpen(reason: opusReason(status))
        }
        unsafe state = made
    }

    deinit {
        unsafe opus_decoder_destroy(state)
    }

    /// Decodes a packet into the beginning of `samples`, full scale being 1.
    ///
    /// - Parameter samples: room for `OpusPacket.longest`.
    /// - Returns: how many there are.
    package mutating func decode(
        _ packet: Span<UInt8>, into samples: inout [Float]
    ) throws(CodecError) -> Int {
        guard packet.count > 0 else { throw .damaged(reason: "an empty packet") }
        return try run(packet, count: samples.count, isRecovery: false, into: &samples)
    }

    /// Makes up what a lost packet may have had; it fades with each in a row.
    ///
    /// - Parameter count: a multiple of `step`, up to `OpusPacket.longest`.
    package mutating func conceal(_ count: Int, into samples: inout [Float]) {
        precondition(count > 0 && count % Self.step == 0 && count <= samples.count, "steps of 2.5 ms")
        let packet: [UInt8] = []
        if (try? run(packet.span, count: count, isRecovery: false, into: &samples)) == nil {
            for index in 0..<count { samples[index] = 0 }
        }
    }

    /// Decodes the copy of a lost packet that the packet after it has; without one it is made up.
    ///
    /// - Parameter count: samples of the lost packet, a multiple of `step`.
    package mutating func recover(
        _ count: Int, from following: Span<UInt8>, into samples: inout [Float]
    ) throws(CodecError) {
        precondition(count > 0 && count % Self.step == 0 && count <= samples.count, "steps of 2.5 ms")
        _ = try run(following, count: count, isRecovery: true, into: &samples)
    }

    /// Forgets the past: what comes next has nothing to do with it.
    package mutating func reset() {
        _ = unsafe smartc_opus_decoder_reset(state)
    }

    // MARK: - Private

    private func run(
        _ packet: Span<UInt8>, count: Int, isRecovery: Bool, into samples: inout [Float]
    ) throws(CodecError) -> Int {
        let status = unsafe packet.withUnsafeBufferPointer { bytes in
            unsafe samples.withUnsafeMutableBufferPointer { output in
                guard let start = output.baseAddress else { return OPUS_BAD_ARG }
                return unsafe opus_decode_float(
                    state, bytes.isEmpty ? nil : bytes.baseAddress, Int32(clamping: bytes.count), start,
                    Int32(count), isRecovery ? 1 : 0)
            }
        }
        guard status >= 0 else { throw .damaged(reason: opusReason(status)) }
        return Int(status)
    }
}

/// libopus' own words.
func opusReason(_ status: Int32) -> String {
    unsafe String(cString: opus_strerror(status))
}
