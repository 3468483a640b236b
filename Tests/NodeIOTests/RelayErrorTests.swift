import Glibc
import Testing
import Wire

@testable import NodeIO

@Suite struct RelayErrorTests {
    private static let address = SocketAddress(ipv4: 0xC000_0201, port: 40000)

    @Test(arguments: [
        (
            RelayError.bind(address, EADDRINUSE),
            "UDP 192.0.2.1:40000 cannot be bound: address already in use. Another program has the port: choose another "
                + "with --udp-port, or stop that program."
        ),
        (
            .bind(address, EACCES),
            "UDP 192.0.2.1:40000 cannot be bound: permission denied. Choose another port with --udp-port."
        ),
        (.system("epoll", EMFILE), "epoll failed: too many open files."),
        (.system("pthread_create", ENOMEM), "pthread_create failed: out of memory."),
        (.system("socket", 9999), "socket failed: error 9999."),
        (.library("The DTLS context"), "The DTLS context could not be made by the cryptographic library."),
    ])
    func `an error says what to do`(error: RelayError, text: String) {
        #expect(error.description == text)
    }
}

@Suite struct NetworkInterfacesTests {
    @Test func `addresses are those by which others reach this machine`() {
        let addresses = NetworkInterfaces.addresses()
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { $0.port == 0 && $0.scope == 0 && !$0.isUnspecified })
        #expect(Set(addresses).count == addresses.count)
        #expect(addresses.count == 1 || addresses.allSatisfy { !$0.isLoopback })
        let isIPv4 = addresses.map { $0.ipv4 != nil }
        #expect(isIPv4 == isIPv4.sorted { $0 && !$1 })
    }

    @Test func `advertised addresses go before those of the machine`() {
        let public4 = SocketAddress(ipv4: 0x0808_0808, port: 0)
        #expect(RelayConfiguration(workers: 1, advertised: [public4]).effectiveAddresses == [public4])
        #expect(RelayConfiguration(workers: 1).effectiveAddresses == NetworkInterfaces.addresses())
    }
}

@Suite struct MonotonicClockTests {
    @Test func `time does not go back`() {
        let readings = (0..<1000).map { _ in MonotonicClock.now() }
        #expect(readings == readings.sorted())
    }
}
