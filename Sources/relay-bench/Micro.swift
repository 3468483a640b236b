import ArgumentParser
import BasicContainers
import CAllocationCounter
import DTLS
import FoundationEssentials
import Impairment
import NodeIO
import Programs
import RTP
import SRTP
import STUN
import Wire

/// `relay-bench micro`: what single steps of the packet path cost.
struct Micro: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure single steps: parsing, protection, sending, checks, handshakes, and allocations.",
        discussion: """
            Each figure is the best of half a second of runs. With --allocations nothing is timed: a node forwards to \
            watchers in memory, and the command exits with 1 when the packet path allocates.

            EXAMPLES
              relay-bench micro
              relay-bench micro --json
              relay-bench micro --allocations
            """)

    @Flag(help: "Count heap allocations on the forwarding path instead; fail if there is one.")
    var allocations = false

    @Flag(help: "Show what one subscriber costs in bytes, and where.")
    var memory = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        if memory {
            print(try MemoryCost.table().text)
            return
        }
        if allocations {
            try checkAllocations()
            return
        }
        let results = try steps()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(results), as: UTF8.self))
        } else {
            var table = Table(["step", "ns"])
            for result in results { table.add([result.name, decimal(result.nanoseconds)]) }
            print(table.text)
        }
    }

    // MARK: - Allocations

    private func checkAllocations() throws {
        var table = Table(["watchers", "packets in", "packets out", "allocations"])
        var total: UInt64 = 0
        for watchers in [1, 50] {
            var room = try MemoryRoom.make(watchers: watchers)
            // Handshakes, then two seconds in which stores and tables grow to their size.
            _ = room.run(for: .seconds(4))
            guard room.isConnected else { throw ValidationError("The endpoints did not connect.") }
            let cost = room.run(for: .seconds(5)) { smartc_allocations() }
            table.add(["\(watchers)", "\(cost.packetsIn)", "\(cost.packetsOut)", "\(cost.metered)"])
            guard cost.packetsOut > 0 else { throw ValidationError("Nothing was forwarded.") }
            total += cost.metered
        }
        var link = try MemoryLink.make(watchers: 10)
        _ = link.run(for: .seconds(4))
        let cost = link.run(for: .seconds(5)) { smartc_allocations() }
        table.add(["10, over a link", "\(cost.packetsIn)", "\(cost.packetsOut)", "\(cost.metered)"])
        guard cost.packetsOut > 0 else { throw ValidationError("Nothing went over the link.") }
        total += cost.metered
        print(table.text)
        print("allocations: \(total == 0 ? 1 : 0) passed, \(total == 0 ? 0 : 1) failed")
        if total > 0 { throw ExitCode.failure }
    }

    // MARK: - Steps

    private func steps() throws -> [Measurement] {
        var results: [Measurement] = []
        var progress = Progress("micro")
        func add(_ measurement: Measurement) {
            results.append(measurement)
            progress.show(Double(results.count) / 13, measurement.name)
        }
        let packet = Self.packet
        add(
            .run("parse an RTP header", steps: 10_000) {
                var sum = 0
                for _ in 0..<10_000 { sum &+= RTPHeader(parsing: packet.span)?.payload.count ?? 0 }
                blackHole(sum)
            })
        for (name, profile, length) in Self.profiles {
            for usesLibrary in profile == .aes128CMSHA1With80BitTag ? [true] : [false, true] {
                let key = [UInt8](repeating: 7, count: length)
                var session = try SRTPSession(
                    .outbound, profile: profile, keyAndSalt: key, usesLibraryOnly: usesLibrary)
                let library = usesLibrary ? "libsrtp2" : SRTPSession.sealingLibrary
                add(
                    .run("protect 1100 bytes, \(name), \(library)", steps: 1000) {
                        Self.protect(1000, with: &session)
                    })
            }
        }
        add(try Self.check())
        add(try Self.handshake())
        for size in [1, 5] { add(try Self.flush(runs: size)) }
        add(try Self.forward(to: 200))
        progress.finish()
        return results
    }

    private static let profiles: [(String, SRTPSession.Profile, Int)] = [
        ("AES-128-GCM", .aeadAES128GCM, 28), ("AES-256-GCM", .aeadAES256GCM, 44),
        ("AES-CM/SHA1-80", .aes128CMSHA1With80BitTag, 30),
    ]

    private static let sinkCount = 200
    private static let packet: [UInt8] =
        [0x90, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 0x10, 0x30, 0, 0]
        + [UInt8](repeating: 9, count: 1100)

    private static func protect(_ count: Int, with session: inout SRTPSession) {
        var buffer = [UInt8](repeating: 0, count: 0)
        buffer.reserveCapacity(1200)
        for number in 0..<count {
            buffer = [UInt8](capacity: 1200) { output in
                output.append(0x80)
                output.append(96)
                output.append(bigEndian: UInt16(truncatingIfNeeded: number))
                output.append(copying: packet.span, 4..<12)
                output.append(copying: packet.span, 20..<1120)
                _ = session.protect(&output)
            }
        }
        blackHole(buffer.count)
    }

    private static func check() throws -> Measurement {
        let key = Array("a password of 24 letters".utf8)
        var generator = SplitMix64(seed: 1)
        let transaction = TransactionID(using: &generator)
        let request = [UInt8](capacity: STUNWriter.maximumLength) { output in
            STUNWriter.bindingRequest(
                transaction: transaction, username: "abcdefgh:ijkl", password: key.span, priority: 1,
                tieBreaker: 1,
                isControlling: true, useCandidate: true, into: &output)
        }
        return .run("verify a STUN check and answer it", steps: 1000) {
            var sum = 0
            for _ in 0..<1000 {
                guard let message = try? STUNMessage(parsing: request.span),
                    message.isAuthentic(request.span, password: key.span)
                else { continue }
                let answer = [UInt8](capacity: STUNWriter.maximumLength) { output in
                    STUNWriter.bindingSuccess(
                        transaction: message.transactionID, mappedAddress: SocketAddress(ipv4: 1, port: 1),
                        password: key.span, into: &output)
                }
                sum &+= answer.count
            }
            blackHole(sum)
        }
    }

    private static func handshake() throws -> Measurement {
        let certificate = try Certificate()
        let context = try DTLSContext(certificate: certificate)
        let trusted = [RemoteFingerprint(algorithm: "sha-256", bytes: certificate.fingerprint)]
        return .run("DTLS handshake, both ends", steps: 1) {
            guard var client = try? DTLSConnection(role: .client, fingerprints: trusted, context: context),
                var server = try? DTLSConnection(role: .server, fingerprints: trusted, context: context)
            else { return }
            connect(&client, &server)
        }
    }

    private static func forward(to watchers: Int) throws -> Measurement {
        var room = try MemoryRoom.make(watchers: watchers)
        _ = room.run(for: .seconds(2))
        let cost = room.run(for: .seconds(2)) { UInt64(MonotonicClock.now().nanoseconds) }
        return Measurement(
            name: "forward to one of \(watchers) subscribers, protected, not sent",
            nanoseconds: Double(cost.metered) / Double(max(cost.packetsOut, 1)))
    }

    /// Sends to sockets that are read between two runs: what the kernel takes for it at least, on this machine.
    private static func flush(runs size: Int) throws -> Measurement {
        var socket = try UDPSocket(port: 0)
        var sinks = UniqueArray<UDPSocket>()
        for _ in 0..<sinkCount { sinks.append(try UDPSocket(port: 0, batch: 1)) }
        var inbox = Inbox()
        var outbox = Outbox(bytes: sinkCount * size * 1200, entryLimit: sinkCount * size)
        outbox.reservePeers(sinkCount)
        return .run(
            "send one packet of \(size == 1 ? "single ones" : "runs of \(size) (segmented)")",
            steps: sinkCount * size,
            preparedBy: {
                for sink in 0..<sinkCount {
                    while inbox.receive(from: sinks[sink].descriptor, { _, _ in }) > 0 {}
                    let target = SocketAddress(ipv4: 0x7F00_0001, port: sinks[sink].port)
                    for _ in 0..<size {
                        outbox.append(to: target, peer: sink, capacity: 1200) { output in
                            output.append(copying: packet.span, 0..<1116)
                            return true
                        }
                    }
                }
            }
        ) { _ = socket.flush(&outbox) }
    }
}

/// Keeps a result from being optimised away.
@inline(never)
private func blackHole(_ value: Int) {
    if value == .min { print(value) }
}
