import STUN
import Testing
import Wire

@Suite struct STUNWriterTests {
    private let transaction = TransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE)
    private let password = Vectors.password

    private func written(_ write: (inout OutputSpan<UInt8>) -> Void) -> [UInt8] {
        [UInt8](capacity: STUNWriter.maximumLength) { write(&$0) }
    }

    @Test(arguments: ["192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853", "[::1]:1"])
    func `a success response reads back authentic`(text: String) throws {
        let address = try #require(SocketAddress(text))
        let bytes = written {
            STUNWriter.bindingSuccess(
                transaction: transaction, mappedAddress: address, password: password.span, into: &$0)
        }
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.messageClass == .success)
        #expect(message.transactionID == transaction)
        #expect(message.xorMappedAddress == address)
        #expect(message.hasFingerprint)
        #expect(message.isAuthentic(bytes, password: Vectors.password))
        #expect(!message.isAuthentic(bytes, password: Array("other".utf8)))
    }

    @Test func `a success response has the mapped address of the RFC 5769 samples byte by byte`() throws {
        for (sample, text) in [
            (Vectors.ipv4Response[36..<48], "192.0.2.1:32853"),
            (Vectors.ipv6Response[36..<60], "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
        ] {
            let address = try #require(SocketAddress(text))
            let bytes = written {
                STUNWriter.bindingSuccess(
                    transaction: transaction, mappedAddress: address, password: password.span, into: &$0)
            }
            #expect(bytes[20..<20 + sample.count].elementsEqual(sample))
            #expect(bytes.count == 20 + sample.count + 24 + 8)
        }
    }

    @Test func `an IPv4-mapped address is written as IPv4`() throws {
        let address = try #require(SocketAddress("[::ffff:192.0.2.1]:32853"))
        let bytes = written {
            STUNWriter.bindingSuccess(
                transaction: transaction, mappedAddress: address, password: password.span, into: &$0)
        }
        #expect(bytes[20..<32].elementsEqual(Vectors.bytes("00200008 0001 a147 e112a643")))
    }

    @Test(
        arguments: [
            (400, "Bad Request", []), (401, "Unauthenticated", []),
            (420, "Unknown Attribute", [0x0031, 0x0032, 0x0033]),
            (487, "Role Conflict", []), (300, "", []), (699, "", []),
        ] as [(UInt16, String, [UInt16])])
    func `an error response reads back with its code`(code: UInt16, reason: String, unknown: [UInt16]) throws
    {
        let bytes = written {
            STUNWriter.bindingError(
                transaction: transaction, code: code, reason: reason, unknownAttributes: unknown,
                password: password.span, into: &$0)
        }
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.messageClass == .error)
        #expect(message.errorCode == code)
        #expect(message.hasFingerprint)
        #expect(message.isAuthentic(bytes, password: Vectors.password))
        #expect(String(decoding: bytes[28..<28 + reason.utf8.count], as: UTF8.self) == reason)
    }

    @Test func `an error response without password has the exact bytes of its attributes`() throws {
        let bytes = written {
            STUNWriter.bindingError(
                transaction: transaction, code: 420, reason: "Unknown", unknownAttributes: [0x0031],
                password: nil,
                into: &$0)
        }
        let expected = Vectors.bytes(
            """
            01110020 2112a442 b7e7a701bc34d686fa87dfae
            0009000b 00000414 556e6b6e6f776e 00
            000a0002 0031 0000
            80280004
            """)
        #expect(bytes.dropLast(4).elementsEqual(expected))
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.messageIntegrity == nil)
        #expect(!message.isAuthentic(bytes, password: Vectors.password))
    }

    @Test(arguments: [true, false])
    func `a request reads back`(isControlling: Bool) throws {
        let bytes = written {
            STUNWriter.bindingRequest(
                transaction: transaction, username: "evtj:h6vY", password: password.span,
                priority: 0x6E00_01FF, tieBreaker: 0x932F_F9B1_5126_3B36, isControlling: isControlling,
                useCandidate: isControlling, into: &$0)
        }
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.messageClass == .request)
        #expect(message.priority == 0x6E00_01FF)
        #expect(message.iceControlling == (isControlling ? 0x932F_F9B1_5126_3B36 : nil))
        #expect(message.iceControlled == (isControlling ? nil : 0x932F_F9B1_5126_3B36))
        #expect(message.useCandidate == isControlling)
        #expect(message.isAuthentic(bytes, password: Vectors.password))
        let parts = try #require(message.usernameParts(in: bytes))
        #expect(String(decoding: bytes[parts.local], as: UTF8.self) == "evtj")
    }

    @Test func `an indication is a header and a fingerprint`() throws {
        let bytes = written { STUNWriter.bindingIndication(transaction: transaction, into: &$0) }
        #expect(
            bytes.dropLast(4).elementsEqual(
                Vectors.bytes("00110008 2112a442 b7e7a701bc34d686fa87dfae 80280004")))
        let message = try STUNMessage(parsing: bytes.span)
        #expect(message.messageClass == .indication)
        #expect(message.hasFingerprint)
    }

    @Test func `a message behind other bytes is the same`() throws {
        func write(into output: inout OutputSpan<UInt8>) {
            STUNWriter.bindingError(
                transaction: transaction, code: 487, reason: "Role Conflict", password: password.span,
                into: &output)
        }
        let alone = written { write(into: &$0) }
        let behind = written {
            $0.append(0xFF)
            write(into: &$0)
        }
        #expect(behind.dropFirst().elementsEqual(alone))
    }

    @Test func `the longest messages fit into the maximum length`() {
        let request = written {
            STUNWriter.bindingRequest(
                transaction: transaction, username: String(repeating: "a", count: 508),
                password: password.span, priority: 1, tieBreaker: 1, isControlling: true, useCandidate: true,
                into: &$0)
        }
        #expect(request.count == 20 + 512 + 8 + 12 + 4 + 24 + 8)
        let refusal = written {
            STUNWriter.bindingError(
                transaction: transaction, code: 420, reason: String(repeating: "a", count: 127),
                unknownAttributes: Array(1...8), password: password.span, into: &$0)
        }
        #expect(refusal.count == 20 + 136 + 20 + 24 + 8)
    }
}
