import Testing
import Wire

@testable import SRTP

@Suite struct SRTPSessionTests {
    private static func key(_ profile: SRTPSession.Profile) -> [UInt8] {
        switch profile {
        case .aes128CMSHA1With80BitTag: Array(0..<30)
        case .aeadAES128GCM: Array(0..<28)
        case .aeadAES256GCM: Array(0..<44)
        }
    }

    /// A packet of payload type 96 and SSRC 1 with ten bytes of payload.
    private static func packet(sequenceNumber: UInt16) -> [UInt8] {
        [
            0x80, 96, UInt8(sequenceNumber >> 8), UInt8(truncatingIfNeeded: sequenceNumber), 0, 0, 0, 0, 0, 0,
            0, 1,
        ] + [UInt8](repeating: 7, count: 10)
    }

    private static func protect(_ packet: [UInt8], with session: inout SRTPSession) -> [UInt8] {
        [UInt8](capacity: packet.count + SRTPSession.overhead) { output in
            output.append(copying: packet.span, 0..<packet.count)
            let isProtected = session.protect(&output)
            #expect(isProtected)
        }
    }

    private static func unprotect(
        _ packet: inout [UInt8], with session: inout SRTPSession
    ) -> Result<Int, UnprotectFailure> {
        var span = packet.mutableSpan
        do {
            return .success(try session.unprotect(&span))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: [SRTPSession.Profile.aes128CMSHA1With80BitTag, .aeadAES128GCM, .aeadAES256GCM])
    func `what is protected comes out again, once`(profile: SRTPSession.Profile) throws {
        var sender = try SRTPSession(.outbound, profile: profile, keyAndSalt: Self.key(profile))
        var receiver = try SRTPSession(.inbound, profile: profile, keyAndSalt: Self.key(profile))
        let clear = Self.packet(sequenceNumber: 1)
        let sealed = Self.protect(clear, with: &sender)
        #expect(sealed.count == clear.count + (profile == .aes128CMSHA1With80BitTag ? 10 : 16))
        #expect(sealed[12...21] != clear[12...])

        var bytes = sealed
        let first = Self.unprotect(&bytes, with: &receiver)
        #expect(first == .success(clear.count))
        #expect(Array(bytes[..<clear.count]) == clear)

        bytes = sealed
        let second = Self.unprotect(&bytes, with: &receiver)
        #expect(second == .failure(.replayed))
    }

    @Test func `a changed packet is refused`() throws {
        var sender = try SRTPSession(.outbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        var receiver = try SRTPSession(
            .inbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        var sealed = Self.protect(Self.packet(sequenceNumber: 1), with: &sender)
        sealed[15] ^= 1
        let result = Self.unprotect(&sealed, with: &receiver)
        #expect(result == .failure(.unauthentic))
    }

    @Test func `a packet of any length is refused without a trap`() throws {
        var receiver = try SRTPSession(
            .inbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        for length in 1..<64 {
            var bytes = [UInt8](repeating: 0x80, count: length)
            let result = Self.unprotect(&bytes, with: &receiver)
            #expect(result == .failure(.unauthentic))
        }
    }

    @Test(arguments: [SRTPSession.Profile.aeadAES128GCM, .aeadAES256GCM])
    func `the sealer writes what libsrtp writes, over a rollover and for late packets`(
        profile: SRTPSession.Profile
    ) throws {
        var sealing = try SRTPSession(.outbound, profile: profile, keyAndSalt: Self.key(profile))
        var library = try SRTPSession(
            .outbound, profile: profile, keyAndSalt: Self.key(profile), usesLibraryOnly: true)
        let numbers: [UInt16] = [65_533, 65_535, 0, 1, 65_534, 2, 30_000, 60_000, 10, 9, 65_530]
        for (number, ssrc) in numbers.flatMap({ number in [(number, 1 as UInt8), (number &+ 7, 2 as UInt8)] })
        {
            // With two contributing sources and an extension block: all of that is authenticated, not encrypted.
            let header: [UInt8] = [
                0x92, 96, UInt8(number >> 8), UInt8(truncatingIfNeeded: number), 1, 2, 3, 4, 0, 0, 0,
            ]
            let packet =
                header + [ssrc, 0, 0, 0, 5, 0, 0, 0, 6, 0xBE, 0xDE, 0, 1, 0x10, 9, 0, 0] + Array(0..<200)
            #expect(Self.protect(packet, with: &sealing) == Self.protect(packet, with: &library))
        }
    }

    @Test func `a packet whose header does not end is not sealed`() throws {
        var session = try SRTPSession(
            .outbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        for packet in [
            [0x80, 0, 0], [0x9F] + [UInt8](repeating: 0, count: 20),
            [0x90] + [UInt8](repeating: 255, count: 30),
        ] {
            var isSealed = true
            _ = [UInt8](capacity: 100) { output in
                output.append(copying: (packet as [UInt8]).span, 0..<packet.count)
                isSealed = session.protect(&output)
            }
            #expect(!isSealed)
        }
    }

    @Test(arguments: [SRTPSession.Profile.aeadAES128GCM, .aeadAES256GCM])
    func `the opener takes what libsrtp writes, late or over a rollover, and each packet once`(
        profile: SRTPSession.Profile
    ) throws {
        var library = try SRTPSession(
            .outbound, profile: profile, keyAndSalt: Self.key(profile), usesLibraryOnly: true)
        var opening = try SRTPSession(.inbound, profile: profile, keyAndSalt: Self.key(profile))
        let numbers: [UInt16] = [65_530, 65_533, 65_535, 0, 65_534, 1, 2047, 2, 5000, 4000, 2953]
        for number in numbers {
            let clear: [UInt8] =
                [0x80, 96, UInt8(number >> 8), UInt8(truncatingIfNeeded: number), 0, 0, 0, 0, 0, 0, 0, 1]
                + Array(0..<50)
            let sealed = Self.protect(clear, with: &library)
            var bytes = sealed
            let first = Self.unprotect(&bytes, with: &opening)
            #expect(first == .success(clear.count), "number \(number)")
            #expect(Array(bytes[..<clear.count]) == clear)
            bytes = sealed
            let second = Self.unprotect(&bytes, with: &opening)
            #expect(second == .failure(.replayed), "number \(number)")
        }
        // More than a window behind the highest.
        let clear: [UInt8] = [0x80, 96, 0x0B, 0x88, 0, 0, 0, 0, 0, 0, 0, 1, 9]
        var sender = try SRTPSession(
            .outbound, profile: profile, keyAndSalt: Self.key(profile), usesLibraryOnly: true)
        var late = Self.protect(clear, with: &sender)
        let result = Self.unprotect(&late, with: &opening)
        #expect(result == .failure(.replayed))
    }

    @Test func `a forged packet leaves no trace in the opener`() throws {
        var sender = try SRTPSession(.outbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        var receiver = try SRTPSession(
            .inbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        var first = Self.protect(Self.packet(sequenceNumber: 1), with: &sender)
        _ = Self.unprotect(&first, with: &receiver)
        let second = Self.protect(Self.packet(sequenceNumber: 2), with: &sender)
        // Far ahead, so that it would move the window if it were believed.
        var forged = second
        forged[2] = 0x70
        let refused = Self.unprotect(&forged, with: &receiver)
        #expect(refused == .failure(.unauthentic))
        var bytes = second
        let accepted = Self.unprotect(&bytes, with: &receiver)
        #expect(accepted == .success(22))
    }

    @Test(
        arguments: [SRTPSession.Profile.aeadAES128GCM, .aeadAES256GCM, .aes128CMSHA1With80BitTag],
        [false, true])
    func `RTCP goes between OpenSSL and libsrtp both ways, once`(
        profile: SRTPSession.Profile, fromLibrary: Bool
    ) throws {
        var sender = try SRTPSession(
            .outbound, profile: profile, keyAndSalt: Self.key(profile), usesLibraryOnly: fromLibrary)
        var receiver = try SRTPSession(
            .inbound, profile: profile, keyAndSalt: Self.key(profile), usesLibraryOnly: !fromLibrary)
        // A receiver report without blocks, and one with one block.
        for number in 0..<200 as Range<UInt8> {
            let clear: [UInt8] =
                number % 2 == 0
                ? [0x80, 201, 0, 1, 0, 0, 0, 9]
                : [0x81, 201, 0, 7, 0, 0, 0, 9] + [UInt8](repeating: number, count: 24)
            let sealed = [UInt8](capacity: clear.count + SRTPSession.overhead) { output in
                output.append(copying: clear.span, 0..<clear.count)
                let isProtected = sender.protectControl(&output)
                #expect(isProtected)
            }
            var bytes = sealed
            let first = Self.unprotectControl(&bytes, with: &receiver)
            #expect(first == .success(clear.count))
            #expect(Array(bytes[..<clear.count]) == clear)
            bytes = sealed
            let second = Self.unprotectControl(&bytes, with: &receiver)
            #expect(second == .failure(.replayed))
            bytes = sealed
            bytes[5] ^= 1
            let forged = Self.unprotectControl(&bytes, with: &receiver)
            #expect(forged == .failure(.unauthentic))
        }
    }

    @Test func `RTCP of any length is refused without a trap`() throws {
        var receiver = try SRTPSession(
            .inbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        for length in 1..<64 {
            var bytes = [UInt8](repeating: 0x80, count: length)
            let result = Self.unprotectControl(&bytes, with: &receiver)
            #expect(result == .failure(.unauthentic))
        }
    }

    private static func unprotectControl(
        _ packet: inout [UInt8], with session: inout SRTPSession
    ) -> Result<Int, UnprotectFailure> {
        var span = packet.mutableSpan
        do {
            return .success(try session.unprotectControl(&span))
        } catch {
            return .failure(error)
        }
    }

    @Test func `a source that is first heard after a rollover is understood`() throws {
        var sender = try SRTPSession(.outbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        var receiver = try SRTPSession(
            .inbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        // Lost on the way.
        for number in [65_534, 65_535] as [UInt16] {
            _ = Self.protect(Self.packet(sequenceNumber: number), with: &sender)
        }
        for number in [0, 1, 2] as [UInt16] {
            var sealed = Self.protect(Self.packet(sequenceNumber: number), with: &sender)
            let result = Self.unprotect(&sealed, with: &receiver)
            #expect(result == .success(22))
            #expect(Array(sealed[..<22]) == Self.packet(sequenceNumber: number))
        }
    }

    @Test func `nothing is sealed for a number from before the first rollover counter`() throws {
        var sender = try SRTPSession(.outbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        _ = Self.protect(Self.packet(sequenceNumber: 2), with: &sender)
        var isSealed = true
        let late = Self.packet(sequenceNumber: 65_534)
        _ = [UInt8](capacity: 100) { output in
            output.append(copying: late.span, 0..<late.count)
            isSealed = sender.protect(&output)
        }
        #expect(!isSealed)
    }

    @Test func `a source that was forgotten begins anew`() throws {
        var sender = try SRTPSession(.outbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        var receiver = try SRTPSession(
            .inbound, profile: .aeadAES128GCM, keyAndSalt: Self.key(.aeadAES128GCM))
        let sealed = Self.protect(Self.packet(sequenceNumber: 7), with: &sender)
        var bytes = sealed
        let first = Self.unprotect(&bytes, with: &receiver)
        receiver.forget(sealed.span.uint32(at: 8))
        bytes = sealed
        let second = Self.unprotect(&bytes, with: &receiver)
        #expect(first == .success(22) && second == .success(22))
    }
}
