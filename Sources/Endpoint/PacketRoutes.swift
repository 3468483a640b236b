import SDP

/// Which section a received packet belongs to: the one that the answer put its SSRC into, else the first in which its
/// payload type is agreed on.
struct PacketRoutes {
    /// What a payload type stands for.
    struct Role {
        /// The index of a section among those accepted.
        let section: UInt8
        let isRetransmission: Bool
    }

    /// By payload type.
    private var roles = [Role?](repeating: nil, count: 128)
    private var announced: [(ssrc: UInt32, section: Int)] = []
    private var groups: [(primary: UInt32, rtx: UInt32)] = []

    /// - Parameters:
    ///   - sections: the accepted sections, in the order of the answer.
    ///   - descriptions: the same as the answer has them.
    init(_ sections: [RemoteTerms.Section], _ descriptions: [MediaSection]) {
        for (index, section) in sections.enumerated() where section.sends {
            assign(section.payloadType, to: index, isRetransmission: false)
            if let type = section.retransmissionPayloadType {
                assign(type, to: index, isRetransmission: true)
            }
            groups += descriptions[index].fidGroups
            announced += descriptions[index].ssrcs.map { ($0, index) }
        }
    }

    /// What a packet of this payload type is; nil if it was not agreed on.
    func role(of payloadType: UInt8) -> Role? { roles[Int(payloadType & 0x7F)] }

    /// The index of the section that has an SSRC; nil if the answer does not name it.
    func section(of ssrc: UInt32) -> Int? {
        for entry in announced where entry.ssrc == ssrc { return entry.section }
        return nil
    }

    /// The stream that an RTX stream repeats; nil if the answer does not name it.
    func primary(of retransmission: UInt32) -> UInt32? {
        for group in groups where group.rtx == retransmission { return group.primary }
        return nil
    }

    private mutating func assign(_ payloadType: UInt8, to section: Int, isRetransmission: Bool) {
        guard roles[Int(payloadType & 0x7F)] == nil else { return }
        roles[Int(payloadType & 0x7F)] = Role(
            section: UInt8(truncatingIfNeeded: section), isRetransmission: isRetransmission)
    }
}
