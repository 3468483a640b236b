/// Where the header extension elements of an RTP packet lie and how they are framed (RFC 8285 section 4).
///
/// Elements are found on demand: a relay asks for three or four of them and the block is at most some dozen
/// bytes.
package struct HeaderExtensionBlock: Hashable, Sendable {
    /// The framing that the profile field named.
    package enum Form: Hashable, Sendable {
        /// No extension, or one of a profile other than RFC 8285, which is skipped.
        case none
        /// 0xBEDE: identifiers 1...14, 1...16 bytes of data (section 4.2).
        case oneByte
        /// 0x1000...0x100F: identifiers 1...255, 0...255 bytes of data (section 4.3).
        case twoByte
    }

    package var form: Form
    /// The elements with their padding, without the four bytes of profile and length; offsets in the packet.
    package var range: Range<Int>

    package init(form: Form, range: Range<Int>) {
        self.form = form
        self.range = range
    }

    init(profile: UInt16, range: Range<Int>) {
        let form: Form = profile == 0xBEDE ? .oneByte : profile & 0xFFF0 == 0x1000 ? .twoByte : .none
        self.init(form: form, range: range)
    }

    /// The data of the first element with the identifier `id`, as offsets in the packet that the block was
    /// parsed from; `nil` if there is none before the end or the first malformed element.
    package func range(of id: UInt8, in packet: Span<UInt8>) -> Range<Int>? {
        var offset = range.lowerBound
        while let element = nextElement(&offset, in: packet) {
            if element.id == id { return element.data }
        }
        return nil
    }

    /// Calls `body` for every element up to the end or the first malformed one.
    package func forEach(in packet: Span<UInt8>, _ body: (_ id: UInt8, _ data: Range<Int>) -> Void) {
        var offset = range.lowerBound
        while let element = nextElement(&offset, in: packet) {
            body(element.id, element.data)
        }
    }

    private func nextElement(
        _ offset: inout Int, in packet: Span<UInt8>
    ) -> (id: UInt8, data: Range<Int>)? {
        let end = range.upperBound
        while offset < end {
            let first = packet[offset]
            offset += 1
            if first == 0 { continue }
            let id: UInt8
            let length: Int
            switch form {
            case .none:
                return nil
            case .oneByte:
                id = first >> 4
                // 15 ends the block; 0 with a length is malformed and ends it too (section 4.2).
                guard id != 15, id != 0 else { return nil }
                length = Int(first & 0x0F) + 1
            case .twoByte:
                guard offset < end else { return nil }
                id = first
                length = Int(packet[offset])
                offset += 1
            }
            guard length <= end - offset else { return nil }
            defer { offset += length }
            return (id, offset..<offset + length)
        }
        return nil
    }
}
