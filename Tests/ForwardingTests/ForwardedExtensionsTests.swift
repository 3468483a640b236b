import RTP
import SDP
import Testing
import Wire

@testable import Forwarding

@Suite struct ForwardedExtensionsTests {
    private static let publisher = ExtensionIdentifiers([
        .init(id: 1, kind: .audioLevel), .init(id: 13, kind: .videoOrientation),
        .init(id: 5, kind: .playoutDelay),
        .init(id: 4, kind: .mid), .init(id: 3, kind: .transportWideCC),
        .init(id: 12, kind: .dependencyDescriptor),
    ])

    /// The block that is written for a subscriber, and whether the X bit is to be set.
    private static func block(
        for subscriber: ExtensionIdentifiers, mid: String? = nil, of elements: [Element]
    ) throws -> (hasBlock: Bool, bytes: [UInt8]) {
        let packet = packet(extensions: elements)
        let header = try header(of: packet)
        let found = ForwardedExtensions(in: packet.span, header.extensions, identifiers: publisher)
        let text = mid.flatMap { MIDText($0) }
        var hasBlock = false
        let bytes = [UInt8](capacity: 400) { (output: inout OutputSpan<UInt8>) in
            hasBlock = found.write(identifiers: subscriber, mid: text, from: packet.span, into: &output)
        }
        return (hasBlock, bytes)
    }

    @Test func `identifiers are those of the subscriber`() throws {
        let subscriber = ExtensionIdentifiers([
            .init(id: 7, kind: .audioLevel), .init(id: 2, kind: .playoutDelay),
        ])
        let written = try Self.block(for: subscriber, of: [(5, [0x11, 0x22, 0x33]), (1, [0x85])])
        #expect(written.hasBlock)
        // Two elements of 1 + 1 and 1 + 3 bytes, two of padding.
        #expect(written.bytes == [0xBE, 0xDE, 0, 2, 0x70, 0x85, 0x22, 0x11, 0x22, 0x33, 0, 0])
    }

    @Test func `a block that fills its words has no padding`() throws {
        let subscriber = ExtensionIdentifiers([.init(id: 2, kind: .playoutDelay)])
        let written = try Self.block(for: subscriber, of: [(5, [1, 2, 3])])
        #expect(written.bytes == [0xBE, 0xDE, 0, 1, 0x22, 1, 2, 3])
    }

    @Test func `the frame number of a dependency descriptor goes on with the subscriber's`() throws {
        let descriptor: [UInt8] = [0xC5, 0xFF, 0xFE, 0x80, 0x11]
        let packet = packet(extensions: [(12, descriptor), (1, [0x85])])
        let header = try header(of: packet)
        let found = ForwardedExtensions(in: packet.span, header.extensions, identifiers: Self.publisher)
        let subscriber = ExtensionIdentifiers([.init(id: 9, kind: .dependencyDescriptor)])
        let bytes = [UInt8](capacity: 400) { (output: inout OutputSpan<UInt8>) in
            _ = found.write(
                identifiers: subscriber, mid: nil, frameNumberOffset: 0x0103, from: packet.span, into: &output
            )
        }
        #expect(bytes == [0xBE, 0xDE, 0, 2, 0x94, 0xC5, 0x01, 0x01, 0x80, 0x11, 0, 0])
    }

    @Test func `what concerns one hop only is not passed on`() throws {
        let subscriber = ExtensionIdentifiers([
            .init(id: 3, kind: .transportWideCC), .init(id: 2, kind: .absoluteSendTime),
            .init(id: 4, kind: .mid),
        ])
        let written = try Self.block(for: subscriber, of: [(3, [0, 1]), (4, [0x30])])
        #expect(!written.hasBlock)
        #expect(written.bytes.isEmpty)
    }

    @Test func `nothing is written when the subscriber agreed to nothing`() throws {
        let written = try Self.block(for: ExtensionIdentifiers([]), mid: "0", of: [(1, [5])])
        #expect(!written.hasBlock)
        #expect(written.bytes.isEmpty)
    }

    @Test func `nothing is written when the packet has nothing`() throws {
        let subscriber = ExtensionIdentifiers([.init(id: 7, kind: .audioLevel), .init(id: 4, kind: .mid)])
        let written = try Self.block(for: subscriber, of: [])
        #expect(!written.hasBlock)
        #expect(written.bytes.isEmpty)
    }

    @Test func `what the hop adds comes last, and only where it was agreed on`() throws {
        let packet = packet(extensions: [])
        let header = try header(of: packet)
        let found = ForwardedExtensions(in: packet.span, header.extensions, identifiers: Self.publisher)
        func block(_ subscriber: ExtensionIdentifiers) -> [UInt8] {
            [UInt8](capacity: 100) { (output: inout OutputSpan<UInt8>) in
                _ = found.write(
                    identifiers: subscriber, mid: nil, transportSequence: 0x0102,
                    sendTime: AbsoluteSendTime(rawValue: 0x0A0B0C), from: packet.span, into: &output)
            }
        }
        let numbered = block(ExtensionIdentifiers([.init(id: 3, kind: .transportWideCC)]))
        let timed = block(ExtensionIdentifiers([.init(id: 2, kind: .absoluteSendTime)]))
        #expect(numbered == [0xBE, 0xDE, 0, 1, 0x31, 1, 2, 0])
        #expect(timed == [0xBE, 0xDE, 0, 1, 0x22, 0x0A, 0x0B, 0x0C])
    }

    @Test func `the subscriber's MID comes last`() throws {
        let subscriber = ExtensionIdentifiers([.init(id: 7, kind: .audioLevel), .init(id: 9, kind: .mid)])
        let written = try Self.block(for: subscriber, mid: "v1", of: [(1, [5]), (4, [0x30])])
        #expect(written.bytes == [0xBE, 0xDE, 0, 2, 0x70, 5, 0x91, 0x76, 0x31, 0, 0, 0])
        let alone = try Self.block(for: subscriber, mid: "a", of: [])
        #expect(alone.bytes == [0xBE, 0xDE, 0, 1, 0x90, 0x61, 0, 0])
    }

    @Test func `an identifier above 14 needs the two-byte form`() throws {
        let subscriber = ExtensionIdentifiers([
            .init(id: 15, kind: .audioLevel), .init(id: 2, kind: .playoutDelay), .init(id: 9, kind: .mid),
        ])
        let written = try Self.block(for: subscriber, mid: "0", of: [(1, [5]), (5, [1, 2, 3])])
        #expect(
            written.bytes
                == [0x10, 0x00, 0, 3, 15, 1, 5, 2, 3, 1, 2, 3, 9, 1, 0x30, 0])
    }

    @Test func `a long element needs the two-byte form`() throws {
        let data = (0..<17).map { UInt8($0) }
        var bytes: [UInt8] = [0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 0x00, 0, 5, 12, 17] + data + [0]
        bytes += [1, 2, 3]
        let header = try header(of: bytes)
        let found = ForwardedExtensions(in: bytes.span, header.extensions, identifiers: Self.publisher)
        let subscriber = ExtensionIdentifiers([.init(id: 6, kind: .dependencyDescriptor)])
        var hasBlock = false
        let source = bytes.span
        let written = [UInt8](capacity: 100) { (output: inout OutputSpan<UInt8>) in
            hasBlock = found.write(identifiers: subscriber, mid: nil, from: source, into: &output)
        }
        #expect(hasBlock)
        #expect(written == [0x10, 0x00, 0, 5, 6, 17] + data + [0])
    }

    @Test func `sixteen bytes fit into the one-byte form`() throws {
        let subscriber = ExtensionIdentifiers([.init(id: 14, kind: .dependencyDescriptor)])
        let data = (0..<16).map { UInt8($0) }
        let written = try Self.block(for: subscriber, of: [(12, data)])
        #expect(written.bytes == [0xBE, 0xDE, 0, 5, 0xEF] + data + [0, 0, 0])
    }

    @Test func `identifiers know the extensions of the hop`() {
        #expect(Self.publisher.mid == 4)
        #expect(Self.publisher.transportWideCC == 3)
        #expect(Self.publisher.audioLevel == 1)
        #expect(Self.publisher.rid == 0)
        #expect(Self.publisher.repairedRID == 0)
    }

    @Test func `identifiers are equal if all are`() {
        let one = ExtensionIdentifiers([.init(id: 1, kind: .audioLevel), .init(id: 4, kind: .mid)])
        let same = ExtensionIdentifiers([.init(id: 4, kind: .mid), .init(id: 1, kind: .audioLevel)])
        let other = ExtensionIdentifiers([.init(id: 4, kind: .mid), .init(id: 1, kind: .colorSpace)])
        #expect(one == same)
        #expect(one != other)
    }

    @Test(arguments: [("", nil), ("0", 1), ("sixteen-letters!", 16), ("seventeen-letters", nil)])
    func `a MID has one to sixteen bytes`(text: String, count: Int?) {
        #expect(MIDText(text)?.count == count)
    }
}
