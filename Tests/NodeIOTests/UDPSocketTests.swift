import CLinux
import Glibc
import Testing
import Wire

@testable import NodeIO

@Suite struct UDPSocketTests {
    /// Sends datagrams from one new socket to another, and returns what arrives.
    private static func transfer(
        _ sent: [[UInt8]], isIPv6: Bool = false, peer: Int? = 0, batch: Int = .max
    ) throws -> (received: [[UInt8]], sources: Set<SocketAddress>, sender: SocketAddress, refused: Int) {
        let host: SocketAddress = isIPv6 ? .loopback6(port: 0) : .loopback(port: 0)
        var sender = try UDPSocket(address: host, port: 0)
        let receiver = try UDPSocket(address: host, port: 0)
        var outbox = Outbox(bytes: 1 << 22, entryLimit: 4096)
        outbox.reservePeers(1)
        var inbox = Inbox()
        var refused = 0
        var received: [(bytes: [UInt8], source: SocketAddress)] = []
        for start in stride(from: 0, to: sent.count, by: min(batch, sent.count)) {
            let part = Array(sent[start..<min(start + min(batch, sent.count), sent.count)])
            append(part, to: host.with(port: receiver.port), peer: peer, into: &outbox)
            refused += sender.flush(&outbox)
            #expect(outbox.isEmpty == true)
            received += receive(part.count, from: receiver.descriptor, with: &inbox)
        }
        return (received.map(\.bytes), Set(received.map(\.source)), host.with(port: sender.port), refused)
    }

    @Test func `the kernel chooses a port`() throws {
        let one = try UDPSocket(port: 0)
        let two = try UDPSocket(port: 0)
        #expect(one.port != 0)
        #expect(one.port != two.port)
        #expect(one.receiveBuffer > 0)
        #expect(one.sendBuffer > 0)
    }

    @Test func `a port is bound once`() throws {
        let first = try UDPSocket(port: 0)
        let port = first.port
        var refusal: RelayError?
        do { _ = try UDPSocket(port: port) } catch { refusal = error }
        guard case .bind(let address, EADDRINUSE) = refusal else {
            Issue.record("a port was bound twice: \(String(describing: refusal))")
            return
        }
        #expect(address.port == port)
        #expect(address.isUnspecified)
        _ = consume first
    }

    @Test func `a port is free again when its socket is gone`() throws {
        let port = try UDPSocket(address: .loopback(port: 0), port: 0).port
        let again = try UDPSocket(address: .loopback(port: 0), port: port)
        #expect(again.port == port)
    }

    @Test func `an address of another machine cannot be bound`() throws {
        var refusal: RelayError?
        do {
            _ = try UDPSocket(address: SocketAddress(ipv4: 0xC000_0201, port: 0), port: 0)
        } catch { refusal = error }
        guard case .bind(let address, EADDRNOTAVAIL) = refusal else {
            Issue.record("a foreign address was bound: \(String(describing: refusal))")
            return
        }
        #expect(address.host == "192.0.2.1")
    }

    @Test(arguments: [1, 2, 63, 64, 65, 200], [20, 1200])
    func `a run of equal size arrives as it was sent`(count: Int, length: Int) throws {
        let sent = datagrams([Int](repeating: length, count: count))
        let result = try Self.transfer(sent)
        #expect(result.received == sent)
        #expect(result.refused == 0)
        #expect(result.sources == [result.sender])
    }

    @Test func `a run may end with a shorter datagram`() throws {
        let sent = datagrams([1200, 1200, 1200, 7, 1200, 1200, 1199])
        let result = try Self.transfer(sent)
        #expect(result.received == sent)
    }

    @Test func `sizes in any order arrive as they were sent`() throws {
        let sent = datagrams((0..<300).map { 1 + ($0 * 7919) % 1400 })
        let result = try Self.transfer(sent)
        #expect(result.received == sent)
        #expect(result.refused == 0)
    }

    @Test func `datagrams to nobody's slot go one by one`() throws {
        let sent = datagrams([Int](repeating: 100, count: 150))
        let result = try Self.transfer(sent, peer: nil)
        #expect(result.received == sent)
    }

    @Test func `large datagrams go alone`() throws {
        let sent = datagrams([65_001, 65_507, 33_000, 33_000, 65_000])
        let result = try Self.transfer(sent, batch: 1)
        #expect(result.received == sent)
        #expect(result.refused == 0)
    }

    @Test func `a datagram that IP cannot carry is refused, and the next one goes`() throws {
        let sent = datagrams([65_508, 10])
        var sender = try UDPSocket(address: .loopback(port: 0), port: 0)
        let receiver = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 1 << 20, entryLimit: 16)
        outbox.reservePeers(1)
        var inbox = Inbox()
        append(sent, to: .loopback(port: receiver.port), peer: 0, into: &outbox)
        let refused = sender.flush(&outbox)
        let received = receive(1, from: receiver.descriptor, with: &inbox)
        #expect(refused == 1)
        #expect(received.map(\.bytes) == [sent[1]])
    }

    @Test(.enabled(if: hasIPv6))
    func `IPv6 carries runs too`() throws {
        let sent = datagrams([Int](repeating: 1200, count: 100) + [30, 1000])
        let result = try Self.transfer(sent, isIPv6: true)
        #expect(result.received == sent)
        #expect(result.sources == [result.sender])
    }

    @Test(arguments: [false, true])
    func `a socket for all addresses serves both versions`(isIPv6: Bool) throws {
        guard hasIPv6 || !isIPv6 else { return }
        let receiver = try UDPSocket(port: 0)
        let host: SocketAddress = isIPv6 ? .loopback6(port: 0) : .loopback(port: 0)
        var sender = try UDPSocket(address: host, port: 0)
        var outbox = Outbox(bytes: 4096, entryLimit: 8)
        var inbox = Inbox()
        append([[1, 2, 3]], to: host.with(port: receiver.port), peer: nil, into: &outbox)
        let refused = sender.flush(&outbox)
        let received = receive(1, from: receiver.descriptor, with: &inbox)
        #expect(refused == 0)
        #expect(received.map(\.bytes) == [[1, 2, 3]])
        #expect(received.map(\.source) == [host.with(port: sender.port)])
    }

    @Test func `chains of several peers keep their order`() throws {
        var sender = try UDPSocket(address: .loopback(port: 0), port: 0)
        let one = try UDPSocket(address: .loopback(port: 0), port: 0)
        let two = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 1 << 20, entryLimit: 512)
        outbox.reservePeers(2)
        var inbox = Inbox()
        let sent = datagrams([Int](repeating: 500, count: 100))
        for (number, datagram) in sent.enumerated() {
            let isOne = number % 3 == 0
            append(
                [datagram], to: .loopback(port: isOne ? one.port : two.port), peer: isOne ? 0 : 1,
                into: &outbox)
        }
        let refused = sender.flush(&outbox)
        let toOne = receive(34, from: one.descriptor, with: &inbox)
        let toTwo = receive(66, from: two.descriptor, with: &inbox)
        #expect(refused == 0)
        #expect(toOne.map(\.bytes) == sent.enumerated().filter { $0.offset % 3 == 0 }.map(\.element))
        #expect(toTwo.map(\.bytes) == sent.enumerated().filter { $0.offset % 3 != 0 }.map(\.element))
    }

    @Test func `a chain whose peer has moved goes to both addresses`() throws {
        var sender = try UDPSocket(address: .loopback(port: 0), port: 0)
        let one = try UDPSocket(address: .loopback(port: 0), port: 0)
        let two = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 1 << 20, entryLimit: 512)
        outbox.reservePeers(1)
        var inbox = Inbox()
        let sent = datagrams([50, 50, 50, 50])
        append(Array(sent[..<2]), to: .loopback(port: one.port), peer: 0, into: &outbox)
        append(Array(sent[2...]), to: .loopback(port: two.port), peer: 0, into: &outbox)
        _ = sender.flush(&outbox)
        let toOne = receive(2, from: one.descriptor, with: &inbox)
        let toTwo = receive(2, from: two.descriptor, with: &inbox)
        #expect(toOne.map(\.bytes) == Array(sent[..<2]))
        #expect(toTwo.map(\.bytes) == Array(sent[2...]))
    }

    @Test(arguments: [1, 2, 5])
    func `a socket with a small batch sends all`(batch: Int) throws {
        var sender = try UDPSocket(address: .loopback(port: 0), port: 0, batch: batch)
        let receiver = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 1 << 20, entryLimit: 512)
        outbox.reservePeers(1)
        var inbox = Inbox()
        let sent = datagrams((0..<130).map { $0 % 10 == 9 ? 30 : 600 })
        append(sent, to: .loopback(port: receiver.port), peer: 0, into: &outbox)
        let refused = sender.flush(&outbox)
        let received = receive(130, from: receiver.descriptor, with: &inbox)
        #expect(refused == 0)
        #expect(received.map(\.bytes) == sent)
    }

    @Test(arguments: [1, 40])
    func `answers leave from the address that was asked`(count: Int) throws {
        var server = try UDPSocket(port: 0, answersFromSameAddress: true)
        var client = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 1 << 20, entryLimit: 64)
        outbox.reservePeers(1)
        var inbox = Inbox()
        let asked = SocketAddress(ipv4: 0x7F00_0005, port: server.port)
        append([[1]], to: asked, peer: 0, into: &outbox)
        _ = client.flush(&outbox)
        let question = try #require(receive(1, from: server.descriptor, with: &inbox).first)
        #expect(question.source.localHigh == asked.high)
        #expect(question.source.localLow == asked.low)
        let answers = datagrams([Int](repeating: 700, count: count))
        append(answers, to: question.source, peer: 0, into: &outbox)
        let refused = server.flush(&outbox)
        let received = receive(count, from: client.descriptor, with: &inbox)
        #expect(refused == 0)
        #expect(received.map(\.bytes) == answers)
        #expect(Set(received.map(\.source)) == [asked])
    }

    @Test func `an empty outbox sends nothing`() throws {
        var socket = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 64, entryLimit: 1)
        let refused = socket.flush(&outbox)
        #expect(refused == 0)
    }
}

@Suite struct InboxTests {
    @Test func `nothing to read is no batch`() throws {
        let socket = try UDPSocket(address: .loopback(port: 0), port: 0)
        var inbox = Inbox()
        var count = 0
        let messages = inbox.receive(from: socket.descriptor) { _, _ in count += 1 }
        #expect(messages == 0)
        #expect(count == 0)
    }

    @Test(arguments: [true, false])
    func `how long a datagram has waited is known where the socket notes it`(notesArrival: Bool) throws {
        let receiver = try UDPSocket(address: .loopback(port: 0), port: 0, notesArrival: notesArrival)
        var sender = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 4096, entryLimit: 4)
        outbox.append(to: .loopback(port: receiver.port), peer: nil, capacity: 1) { output in
            output.append(7)
            return true
        }
        let refused = sender.flush(&outbox)
        #expect(refused == 0)
        #expect(isReadable(receiver.descriptor))
        var inbox = Inbox()
        var ages: [Duration] = []
        _ = inbox.receiveStamped(from: receiver.descriptor) { _, _, age in ages.append(age) }
        #expect(ages.map { $0 > .zero } == [notesArrival])
    }

    @Test func `an empty datagram is passed over`() throws {
        let receiver = try UDPSocket(address: .loopback(port: 0), port: 0)
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var storage = sockaddr_storage()
        let length = SocketAddress.loopback(port: receiver.port).write(to: &storage, isIPv6: false)
        for bytes in [[], [5]] as [[UInt8]] {
            let sent = unsafe withUnsafePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe sendto(descriptor, bytes, bytes.count, 0, $0, length)
                }
            }
            #expect(sent == bytes.count)
        }
        var inbox = Inbox()
        let received = receive(1, from: receiver.descriptor, with: &inbox)
        #expect(received.map(\.bytes) == [[5]])
    }

    @Test func `a datagram may be changed where it stands`() throws {
        var sender = try UDPSocket(address: .loopback(port: 0), port: 0)
        let receiver = try UDPSocket(address: .loopback(port: 0), port: 0)
        var outbox = Outbox(bytes: 1 << 16, entryLimit: 16)
        outbox.reservePeers(1)
        var inbox = Inbox()
        append(datagrams([8, 8, 8]), to: .loopback(port: receiver.port), peer: 0, into: &outbox)
        _ = sender.flush(&outbox)
        var sums: [Int] = []
        while sums.count < 3, isReadable(receiver.descriptor) {
            _ = inbox.receive(from: receiver.descriptor) { datagram, _ in
                for index in 0..<datagram.count { datagram[index] = 1 }
                var sum = 0
                for index in 0..<datagram.count { sum += Int(datagram[index]) }
                sums.append(sum)
            }
        }
        #expect(sums == [8, 8, 8])
    }
}
