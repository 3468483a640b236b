import Testing

@testable import Wire

@Suite struct BigEndianTests {
    private static let bytes: [UInt8] = [0xFF, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF]

    @Test func `integers are read at any offset`() {
        let span = Self.bytes.span
        let read = (span.uint16(at: 1), span.uint24(at: 1), span.uint32(at: 1), span.uint64(at: 1))
        #expect(read.0 == 0x0123)
        #expect(read.1 == 0x01_2345)
        #expect(read.2 == 0x0123_4567)
        #expect(read.3 == 0x0123_4567_89AB_CDEF)
        let last = span.uint16(at: 7)
        #expect(last == 0xCDEF)
    }

    @Test func `integers are stored at any offset`() {
        var bytes = [UInt8](repeating: 0, count: 7)
        var span = bytes.mutableSpan
        span.store(0x0102 as UInt16, at: 0)
        span.store(0x0304_0506 as UInt32, at: 3)
        #expect(bytes == [1, 2, 0, 3, 4, 5, 6])
    }

    @Test func `integers are appended with the highest byte first`() {
        let bytes = [UInt8](capacity: 17) { (output: inout OutputSpan<UInt8>) in
            output.append(bigEndian: 0x0123 as UInt16)
            output.append(bigEndian24: 0xFF45_6789)
            output.append(bigEndian: 0xABCD_EF01 as UInt32)
            output.append(bigEndian: 0x0203_0405_0607_0809 as UInt64)
        }
        #expect(bytes == [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }

    @Test func `a part of another span is copied`() {
        let source: [UInt8] = [1, 2, 3, 4]
        let span = source.span
        let bytes = [UInt8](capacity: 4) { (output: inout OutputSpan<UInt8>) in
            output.append(9)
            output.append(copying: span, 1..<3)
            output.append(copying: span, 4..<4)
        }
        #expect(bytes == [9, 2, 3])
    }
}
