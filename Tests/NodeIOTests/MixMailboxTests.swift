import Codecs
import Mixing
import Synchronization
import Testing
import Wire

@testable import NodeIO

@Suite struct MixMailboxTests {
    private let packet = VoicePacket(
        sequenceNumber: 1, timestamp: 1, payload: [], level: nil, arrival: Instant(nanoseconds: 0))

    @Test func `packets beyond what is sensible are dropped, other orders never`() {
        let mailbox = MixMailbox {}
        mailbox.post((0..<3000).map { _ in .packet(packet, voice: 1, room: 1) })
        mailbox.post([.closeRoom(1)])
        #expect(mailbox.dropped == 1000)
        #expect(mailbox.takeOrders().count == 2001)
        mailbox.post([.packet(packet, voice: 1, room: 1)])
        #expect(mailbox.takeOrders().count == 1)
        #expect(mailbox.dropped == 1000)
    }

    @Test func `packets wait for the next step, other orders wake the thread`() {
        let wakes = Mutex(0)
        let mailbox = MixMailbox {}
        mailbox.onOrders { wakes.withLock { $0 += 1 } }
        mailbox.post([.packet(packet, voice: 1, room: 1)])
        #expect(wakes.withLock { $0 } == 0)
        mailbox.post([.openRoom(1)])
        #expect(wakes.withLock { $0 } == 1)
    }

    @Test func `a thread makes a packet of a mix when its time has come`() async throws {
        let (packets, source) = AsyncStream.makeStream(of: Void.self)
        let mailbox = MixMailbox { source.yield() }
        let thread = try MixThread(number: 99, mailbox)
        try thread.start()
        mailbox.post([.openRoom(1), .addMix(2, room: 1, without: nil, VoiceEncoding())])
        var found: MixPacket?
        for await _ in packets {
            for report in mailbox.takeReports() {
                if case .packet(let packet, 2) = report { found = packet }
            }
            if found != nil { break }
        }
        thread.stop()
        #expect(found.map { $0.timestamp % 960 } == 0)
    }
}
