import Wire

/// The value of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2): a reserved byte, the family, the port, the
/// address. Port and address are XORed with the magic cookie, an IPv6 address with cookie and transaction ID,
/// so that address rewriting NATs do not recognise them.
enum XORMappedAddress {
    private static let ipv4Family: UInt8 = 1
    private static let ipv6Family: UInt8 = 2
    private static let portMask = UInt16(STUNHeader.magicCookie >> 16)

    /// nil when the family is unknown or `length`, which is 8 or 20, does not go with it.
    static func parse(
        at start: Int, length: Int, _ transactionID: TransactionID, in datagram: Span<UInt8>
    ) -> SocketAddress? {
        let port = datagram.uint16(at: start + 2) ^ portMask
        switch (datagram[start + 1], length) {
        case (ipv4Family, 8):
            return SocketAddress(ipv4: datagram.uint32(at: start + 4) ^ STUNHeader.magicCookie, port: port)
        case (ipv6Family, 20):
            return SocketAddress(
                high: datagram.uint64(at: start + 4) ^ highMask(transactionID),
                low: datagram.uint64(at: start + 12) ^ transactionID.low,
                port: port)
        case (_, _):
            return nil
        }
    }

    /// Appends the value, 8 or 20 bytes.
    static func append(
        _ address: SocketAddress, _ transactionID: TransactionID, into output: inout OutputSpan<UInt8>
    ) {
        output.append(0)
        output.append(address.ipv4 != nil ? ipv4Family : ipv6Family)
        output.append(bigEndian: address.port ^ portMask)
        if let ipv4 = address.ipv4 {
            output.append(bigEndian: ipv4 ^ STUNHeader.magicCookie)
        } else {
            output.append(bigEndian: address.high ^ highMask(transactionID))
            output.append(bigEndian: address.low ^ transactionID.low)
        }
    }

    /// How many bytes `append` will write.
    static func length(of address: SocketAddress) -> Int {
        address.ipv4 != nil ? 8 : 20
    }

    private static func highMask(_ transactionID: TransactionID) -> UInt64 {
        UInt64(STUNHeader.magicCookie) << 32 | UInt64(transactionID.high)
    }
}
