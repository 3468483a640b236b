/// How a packet is told in transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01
/// section 3.1.1).
enum PacketStatus: UInt8 {
    case notReceived = 0
    /// 0...255 units of 250 us after the packet told before.
    case smallDelta = 1
    /// -32768...32767 units of 250 us after the packet told before.
    case largeDelta = 2

    /// The bytes that the arrival time takes behind the chunks.
    var deltaLength: Int { Int(rawValue) }
}

/// Sixteen bits that tell the statuses of several packets (sections 3.1.3 and 3.1.4).
///
///     |0| S |       run length        |     run of one status
///     |1|0|   14 statuses of one bit  |     notReceived or smallDelta
///     |1|1|    7 statuses of two bits |
struct PacketStatusChunk {
    static let maximumRun = 0x1FFF
    static let oneBitCount = 14
    static let twoBitCount = 7

    let rawValue: UInt16

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    init(run status: PacketStatus, count: Int) {
        rawValue = UInt16(status.rawValue) << 13 | UInt16(count)
    }

    /// Two-bit statuses may be any; one-bit ones have no large delta. Those not given are not received.
    init(vector statuses: ArraySlice<PacketStatus>, twoBits: Bool) {
        var value: UInt16 = twoBits ? 0xC000 : 0x8000
        var shift: UInt16 = twoBits ? 12 : 13
        for status in statuses {
            value |= UInt16(status.rawValue) << shift
            shift &-= twoBits ? 2 : 1
        }
        rawValue = value
    }

    var isRun: Bool { rawValue & 0x8000 == 0 }

    /// How many packets the chunk can tell of: 0...8191.
    var count: Int {
        if isRun { return Int(rawValue & 0x1FFF) }
        return rawValue & 0x4000 == 0 ? Self.oneBitCount : Self.twoBitCount
    }

    /// The status of packet number `index` below `count`; `nil` for the reserved value.
    func status(_ index: Int) -> PacketStatus? {
        if isRun { return PacketStatus(rawValue: UInt8(rawValue >> 13 & 3)) }
        if rawValue & 0x4000 == 0 {
            return rawValue >> UInt16(13 - index) & 1 == 0 ? .notReceived : .smallDelta
        }
        return PacketStatus(rawValue: UInt8(rawValue >> UInt16(12 - index * 2) & 3))
    }
}
