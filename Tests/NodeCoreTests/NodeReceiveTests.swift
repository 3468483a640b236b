import STUN
import Testing
import Wire

@testable import NodeCore

@Suite struct NodeReceiveTests {
    @Test func `a check is answered`() throws {
        var bench = try Bench()
        let answer = try bench.open(.watch(nil), "d_12v_3a_recvonly")
        let responses = bench.receive(try check(answer.sdp))
        let response = try #require(responses.first)
        let message = try STUNMessage(parsing: response.span)
        #expect(message.messageClass == .success)
        #expect(message.xorMappedAddress == SocketAddress(ipv4: 0xC000_0299, port: 5000))
    }

    @Test(arguments: [
        ([0x40, 0x00], DropReason.unknownProtocol), ([], .unknownProtocol),
        ([0x80, 96, 0, 1], .unknownAddress),
        ([22, 254, 253], .unknownAddress), ([0x80, 200], .unknownAddress), ([0, 1, 0, 0], .malformedSTUN),
        ([UInt8](repeating: 0x80, count: 2048), .unknownAddress),
        ([UInt8](repeating: 0x80, count: 2049), .oversizedDatagram),
    ])
    func `what cannot be used is counted`(bytes: [UInt8], reason: DropReason) throws {
        var bench = try Bench()
        let answers = bench.receive(bytes)
        #expect(answers.isEmpty)
        #expect(DropReason.allCases.filter { bench.node.counters.drops[$0] > 0 } == [reason])
    }

    @Test func `a user name of nobody is not answered`() throws {
        var bench = try Bench()
        let answer = try bench.open(.watch(nil), "d_12v_3a_recvonly")
        try bench.close(answer.id)
        let responses = bench.receive(try check(answer.sdp))
        #expect(responses.isEmpty)
        #expect(bench.node.counters.drops[.unknownUsername] == 1)
    }

    @Test func `media before the handshake is counted`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        _ = bench.receive(try check(answer.sdp))
        _ = bench.receive([0x80, 96] + [UInt8](repeating: 0, count: 30))
        #expect(bench.node.counters.drops[.notConnected] == 1)
    }

    @Test func `addresses beyond eight are forgotten, oldest first`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        let bytes = try check(answer.sdp, useCandidate: false)
        for port in 5000...5008 as ClosedRange<UInt16> { _ = bench.receive(bytes, port: port) }
        for port in 5000...5008 as ClosedRange<UInt16> { _ = bench.receive([0x80, 96, 0, 0], port: port) }
        #expect(bench.node.counters.drops[.unknownAddress] == 1)
        #expect(bench.node.counters.drops[.notConnected] == 8)
        try bench.close(answer.id)
        for port in 5000...5008 as ClosedRange<UInt16> { _ = bench.receive([0x80, 96, 0, 0], port: port) }
        #expect(bench.node.counters.drops[.unknownAddress] == 10)
    }

    @Test func `a move to another address is counted`() throws {
        var bench = try Bench()
        let answer = try bench.open(.publish(as: nil), "a_sendrecv_av")
        let bytes = try check(answer.sdp)
        for port in [5000, 5000, 5001, 5001, 5000] as [UInt16] { _ = bench.receive(bytes, port: port) }
        #expect(bench.node.counters.addressChanges == 2)
    }
}
