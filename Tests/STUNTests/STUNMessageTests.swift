import FoundationEssentials
import Impairment
import STUN
import Testing
import Wire

@Suite struct STUNMessageTests {
    @Test func `the sample request of RFC 5769 is understood as a whole`() throws {
        let bytes = Vectors.request
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.messageClass == .request)
        #expect(message.method == STUNMessage.binding)
        #expect(message.transactionID == TransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE))
        #expect(message.username == 64..<73)
        #expect(message.messageIntegrity == 76)
        #expect(message.hasFingerprint)
        #expect(message.priority == 0x6E00_01FF)
        #expect(message.iceControlled == 0x932F_F9B1_5126_3B36)
        #expect(message.iceControlling == nil)
        #expect(!message.useCandidate)
        #expect(message.errorCode == nil)
        #expect(message.xorMappedAddress == nil)
        #expect(message.unknownRequired == [])
        let parts = try #require(message.usernameParts(in: bytes))
        #expect(String(decoding: bytes[parts.local], as: UTF8.self) == "evtj")
        #expect(String(decoding: bytes[parts.remote], as: UTF8.self) == "h6vY")
    }

    @Test(arguments: [
        (Vectors.ipv4Response, "192.0.2.1:32853"),
        (Vectors.ipv6Response, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ])
    func `the sample responses of RFC 5769 tell the mapped address`(bytes: [UInt8], address: String) throws {
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.messageClass == .success)
        #expect(message.xorMappedAddress?.description == address)
        #expect(message.username == nil)
        #expect(message.hasFingerprint)
    }

    @Test(arguments: Vectors.all)
    func `the sample messages are authentic with their password only`(bytes: [UInt8]) throws {
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.isAuthentic(bytes, password: Vectors.password))
        for wrong in [[], Vectors.password.dropLast(), Vectors.password + [0x20]] as [ArraySlice<UInt8>] {
            #expect(!message.isAuthentic(bytes, password: Array(wrong)))
        }
    }

    @Test(arguments: Vectors.all)
    func `no message with a flipped bit has a right fingerprint`(bytes: [UInt8]) {
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            // Some seem to have no FINGERPRINT at all: those with another type there, or a length that hides
            // it.
            let message = try? STUNMessage(parsing: damaged.span)
            #expect(message?.hasFingerprint != true, "bit \(bit)")
            #expect(
                message?.isAuthentic(damaged, password: Vectors.password) != true
                    || bit >= bytes.count * 8 - 64)
        }
    }

    @Test(arguments: Vectors.all)
    func `each single flipped bit in front of the integrity attribute makes a message unauthentic`(
        bytes: [UInt8]
    ) throws {
        let end = try #require(try STUNMessage(parsing: bytes.span).messageIntegrity)
        // Without FINGERPRINT, which would give every damage away earlier.
        var bare = Array(bytes.dropLast(8))
        bare[3] -= 8
        #expect(try STUNMessage(parsing: bare.span).isAuthentic(bare, password: Vectors.password))
        for bit in 0..<end * 8 {
            var damaged = bare
            damaged[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            let message = try? STUNMessage(parsing: damaged.span)
            #expect(message?.isAuthentic(damaged, password: Vectors.password) != true, "bit \(bit)")
        }
    }

    @Test(arguments: Vectors.all)
    func `a message cut anywhere is refused`(bytes: [UInt8]) {
        for count in 0..<bytes.count {
            let error: STUNMessage.ParseError = count < 8 ? .notSTUN : .truncated
            #expect(throws: error) { try STUNMessage(parsing: Array(bytes[..<count]).span) }
        }
    }

    @Test(
        arguments: [
            (Array(Vectors.request + [0]), .badLength),
            (Vectors.bytes("00010001 2112a442 b7e7a701bc34d686fa87dfae 00"), .badLength),
            (Vectors.bytes("80010000 2112a442 b7e7a701bc34d686fa87dfae"), .notSTUN),
            (Vectors.bytes("40010000 2112a442 b7e7a701bc34d686fa87dfae"), .notSTUN),
            (Vectors.bytes("00010000 2112a443 b7e7a701bc34d686fa87dfae"), .notSTUN),
            (Vectors.bytes("00010008 2112a442 b7e7a701bc34d686fa87dfae 00240004"), .truncated),
            (Vectors.message("00060001"), .badAttribute),
            (Vectors.message("0006ffff 61616161"), .badAttribute),
            (Vectors.message("00240003 6e000100"), .badAttribute),
            (Vectors.message("00240008 6e0001ff6e0001ff"), .badAttribute),
            (Vectors.message("00250004 00000000"), .badAttribute),
            (Vectors.message("80290004 00000000"), .badAttribute),
            (Vectors.message("802a0000"), .badAttribute),
            (Vectors.message("00080010 000102030405060708090a0b0c0d0e0f"), .badAttribute),
            (Vectors.message("00090003 00000400"), .badAttribute),
            (Vectors.message("00090004 00000200"), .badAttribute),
            (Vectors.message("00090004 00000700"), .badAttribute),
            (Vectors.message("00090004 00000464"), .badAttribute),
            (Vectors.message("00200004 00010000"), .badAttribute),
            (Vectors.message("00200008 0002a147e112a643"), .badAttribute),
            (Vectors.message("00200008 0003a147e112a643"), .badAttribute),
            (Vectors.message("80280004 00000000"), .badFingerprint),
            (Vectors.message("80280000"), .badFingerprint),
            (Vectors.message("80280004 e57a3bcf", "00250000"), .badFingerprint),
        ] as [([UInt8], STUNMessage.ParseError)])
    func `a malformed message is refused`(bytes: [UInt8], error: STUNMessage.ParseError) {
        #expect(throws: error) { try STUNMessage(parsing: bytes.span) }
    }

    @Test func `a user name of 509 bytes is refused`() throws {
        let longest = Vectors.message("000601fc" + String(repeating: "61", count: 508))
        #expect(try STUNMessage(parsing: longest.span).username == 24..<532)
        let tooLong = Vectors.message("000601fd" + String(repeating: "61", count: 509) + "000000")
        #expect(throws: STUNMessage.ParseError.badAttribute) { try STUNMessage(parsing: tooLong.span) }
    }

    @Test func `attributes behind the integrity attribute are ignored`() throws {
        let integrity = "00080014" + String(repeating: "00", count: 20)
        let bytes = Vectors.message(
            "00240004 6e0001ff", integrity, "00250000", "00060003 61626300", "00310000")
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.messageIntegrity == 28)
        #expect(!message.useCandidate)
        #expect(message.username == nil)
        #expect(message.unknownRequired == [])
    }

    @Test func `of an attribute that appears twice the first counts`() throws {
        let bytes = Vectors.message(
            "00240004 00000001", "00240004 00000002", "00060001 61000000", "00060001 62000000")
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.priority == 1)
        #expect(message.username == 40..<41)
    }

    @Test func `the first eight unknown required attributes are remembered and optional ones are not`() throws
    {
        let attributes = (0x30..<0x3C).map { "00\(String($0, radix: 16))0000" }.joined()
        let message = try STUNMessage(parsing: Vectors.message("c0570000", attributes).span)
        #expect(message.unknownRequired == [0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37])
    }

    @Test(
        arguments: [
            (0x0001, .request, 1), (0x0011, .indication, 1), (0x0101, .success, 1), (0x0111, .error, 1),
            (0x3EEF, .request, 0xFFF), (0x0113, .error, 3), (0x0220, .request, 0x90),
        ] as [(UInt16, STUNMessage.Class, UInt16)])
    func `class and method share the message type`(
        type: UInt16, messageClass: STUNMessage.Class, method: UInt16
    ) throws {
        let message = try STUNMessage(parsing: Vectors.message(type: type).span)
        #expect(message.messageClass == messageClass)
        #expect(message.method == method)
    }

    @Test(arguments: ["", ":", "a:", ":a", "abc"])
    func `a user name without two halves has no parts`(name: String) throws {
        let digits = name.utf8.map { String($0, radix: 16) }.joined()
        let padding = String(repeating: "00", count: (4 - name.utf8.count % 4) % 4)
        let bytes = Vectors.message("0006000\(name.utf8.count)" + digits + padding)
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.username == 24..<24 + name.utf8.count)
        #expect(message.usernameParts(in: bytes) == nil)
    }

    @Test func `the first colon separates the halves of a user name`() throws {
        let bytes = Vectors.message("00060005 613a623a63 000000")
        let message = try STUNMessage(parsing: bytes.span)
        let parts = try #require(message.usernameParts(in: bytes))
        #expect(parts.local == 24..<25)
        #expect(parts.remote == 26..<29)
    }

    @Test func `nothing that is mutated at random traps`() {
        let seed =
            ProcessInfo.processInfo.environment["SMARTC_SEED"].flatMap { UInt64($0) }
            ?? .random(in: 0...999_999)
        print("SMARTC_SEED=\(seed)")
        var generator = SplitMix64(seed: seed)
        var taken = 0
        for round in 0..<20_000 {
            var bytes = Vectors.all[round % 3]
            bytes.removeLast(8)  // FINGERPRINT would keep all mutations out.
            bytes[3] -= 8
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = generator.next()
            }
            guard let message = try? STUNMessage(parsing: bytes.span) else { continue }
            taken += 1
            _ = message.usernameParts(in: bytes)
            #expect(!message.isAuthentic(bytes, password: Array(Vectors.password.dropFirst())))
        }
        #expect(taken > 1000, "SMARTC_SEED=\(seed)")
    }
}
