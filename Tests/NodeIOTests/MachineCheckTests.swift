import Testing
import Wire

@testable import NodeIO

@Suite struct MachineCheckTests {
    private static func findings(
        port: UInt16 = 0, workers: Int = 1, _ addresses: [String]
    ) -> [MachineCheck.Finding] {
        MachineCheck.run(
            RelayConfiguration(
                udpPort: port, workers: workers,
                advertised: addresses.compactMap { SocketAddress(host: $0, port: 0) }))
    }

    @Test func `everything is looked at`() {
        #expect(
            Self.findings(workers: 2, ["8.8.8.8"]).map(\.name) == [
                "UDP port 0", "UDP receive buffer", "UDP send buffer", "Segmented sending (UDP_SEGMENT)",
                "Joined receiving (UDP_GRO)", "UDP port 0", "Open files", "Thread priority",
                "Advertised address",
            ])
    }

    @Test func `what is not all right has advice, and what is has none`() {
        #expect(Self.findings(["10.0.0.1"]).allSatisfy { ($0.state == .ok) == ($0.advice == nil) })
    }

    @Test(arguments: [
        (["127.0.0.1"], MachineCheck.Finding.State.warning, "127.0.0.1: reachable from this machine only"),
        (["10.0.0.1", "fd00::1"], .warning, "10.0.0.1, fd00::1: reachable from the local network only"),
        (["10.0.0.1", "8.8.8.8"], .ok, "10.0.0.1, 8.8.8.8"), (["2001:db8::1"], .ok, "2001:db8::1"),
    ])
    func `the reach of the advertised address is told`(
        addresses: [String], state: MachineCheck.Finding.State, detail: String
    ) {
        let finding = Self.findings(addresses).last
        #expect(finding?.state == state)
        #expect(finding?.detail == detail)
    }

    @Test func `a port that is taken is a failure`() throws {
        let socket = try UDPSocket(port: 0)
        let finding = Self.findings(port: socket.port, ["8.8.8.8"]).first
        #expect(finding?.name == "UDP port \(socket.port)")
        #expect(finding?.state == .failed)
        #expect(finding?.detail.contains("address already in use") == true)
        #expect(finding?.advice == "Choose other ports with --udp-port, or stop what uses them.")
    }
}
