import Testing

@testable import RTP

@Suite struct HeaderExtensionBlockTests {
    private func elements(_ name: String) throws -> [String] {
        let packet = try Fixtures.bytes("rtp", name)
        let parsed = RTPHeader(parsing: packet.span)
        let header = try #require(parsed)
        var found: [String] = []
        header.extensions.forEach(in: packet.span) { id, data in
            found.append("\(id)=" + data.map { String(packet[$0], radix: 16) }.joined(separator: ","))
        }
        return found
    }

    @Test(arguments: [
        ("one_byte_extensions_padded_between", ["1=30", "2=aa,bb,cc", "3=12,34"]),
        ("one_byte_extension_15_stops", ["1=30"]),
        ("one_byte_extension_0_with_length", ["1=30"]),
        ("one_byte_extension_runs_over", ["1=30"]),
        ("two_byte_extensions_empty_element", ["1=", "2=aa", "3=1,2,3"]),
        ("two_byte_extension_runs_over", []),
        ("unknown_extension_profile", []),
        ("extension_block_of_no_words", []),
        ("header_only", []),
    ])
    func `elements are listed up to the first malformed one`(name: String, expected: [String]) throws {
        #expect(try elements(name) == expected)
    }

    @Test func `an element is found by its identifier`() throws {
        let packet = try Fixtures.bytes("rtp", "one_byte_extensions_padded_between")
        let parsed = RTPHeader(parsing: packet.span)
        let header = try #require(parsed)
        let found = [1, 2, 3, 4, 0].map { header.extensions.range(of: $0, in: packet.span) }
        #expect(found == [17..<18, 21..<24, 25..<27, nil, nil])
    }

    @Test func `the low bits of the two-byte profile are for the application`() throws {
        let packet = hex("90 60 0001 00000002 00000003 100f0001 0501aa00")
        let parsed = RTPHeader(parsing: packet.span)
        let header = try #require(parsed)
        let found = header.extensions.range(of: 5, in: packet.span)
        #expect(header.extensions.form == .twoByte)
        #expect(found == 18..<19)
    }
}
