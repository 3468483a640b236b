/// The outgoing packets of one peer under AES-GCM.
struct GCMSealer: ~Copyable {
    private struct Source {
        let ssrc: UInt32
        var index: PacketIndex
    }

    /// RTCP's header and the sender's SSRC stay readable (RFC 7714 section 9.2).
    static let controlHeader = 8
    /// The bit that says that an RTCP packet is encrypted (RFC 3711 section 3.4).
    static let encryptedFlag: UInt32 = 1 << 31

    private let cipher: GCMCipher
    private let controlCipher: GCMCipher
    private var sources: [Source] = []
    private var controlIndex: UInt32 = 0

    /// Fails when OpenSSL does.
    init?(keyAndSalt: [UInt8]) {
        guard let cipher = GCMCipher(.seal, .rtp, keyAndSalt: keyAndSalt),
            let controlCipher = GCMCipher(.seal, .rtcp, keyAndSalt: keyAndSalt)
        else { return nil }
        self.cipher = cipher
        self.controlCipher = controlCipher
    }

    /// Encrypts an RTP packet in place and appends the tag. Returns false when there is no room, or its header does not
    /// end inside of it, or the packet is from before the source's first.
    mutating func seal(_ packet: inout OutputSpan<UInt8>) -> Bool {
        guard packet.freeCapacity >= GCMCipher.tagLength, let header = RTPFields.headerLength(of: packet.span)
        else {
            return false
        }
        let (ssrc, sequenceNumber) = RTPFields.source(of: packet.span)
        guard let index = index(of: ssrc, sequenceNumber) else { return false }
        return cipher.seal(&packet, header: header, vector: cipher.vector(ssrc: ssrc, index: index))
    }

    /// Encrypts an RTCP packet in place and appends tag and index. One index serves all SSRCs, as it need only never
    /// come again for any of them.
    mutating func sealControl(_ packet: inout OutputSpan<UInt8>) -> Bool {
        guard packet.freeCapacity >= GCMCipher.tagLength + 4, packet.count >= Self.controlHeader,
            controlIndex < Self.encryptedFlag - 1
        else { return false }
        controlIndex += 1
        let ssrc = RTPFields.word(packet.span, at: 4)
        let trailer = controlIndex | Self.encryptedFlag
        let vector = controlCipher.vector(ssrc: ssrc, index: UInt64(controlIndex))
        guard controlCipher.seal(&packet, header: Self.controlHeader, vector: vector, trailer: trailer) else {
            return false
        }
        for shift in [24, 16, 8, 0] as [UInt32] { packet.append(UInt8(truncatingIfNeeded: trailer >> shift)) }
        return true
    }

    /// Forgets a source under whose SSRC nothing will ever be sealed again.
    mutating func forget(_ ssrc: UInt32) {
        sources.removeAll { $0.ssrc == ssrc }
    }

    /// The index of a packet; nil for one from before the first rollover counter, whose vector another packet will need.
    private mutating func index(of ssrc: UInt32, _ sequenceNumber: UInt16) -> UInt64? {
        for position in sources.indices where sources[position].ssrc == ssrc {
            guard let index = sources[position].index.estimate(sequenceNumber) else { return nil }
            sources[position].index.advance(to: index)
            return index
        }
        sources.append(Source(ssrc: ssrc, index: PacketIndex(first: UInt64(sequenceNumber))))
        return UInt64(sequenceNumber)
    }
}
