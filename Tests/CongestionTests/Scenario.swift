import Congestion
import Impairment
import Wire

/// One run in virtual time: subscribers behind one link, in steps of a millisecond.
struct Scenario {
    var name: String
    var title: String
    var duration = 60
    var link = LinkSettings(delay: .milliseconds(20))
    /// The rate of the link from a second on; the first is at 0.
    var rates: [(second: Int, bitsPerSecond: Int)]
    var back = LinkSettings(delay: .milliseconds(20))
    var feedbackInterval = Duration.milliseconds(100)
    /// When each flow begins, in seconds; one entry per flow.
    var flows = [0]
    var slots = [ModelSource.simulcast]
    var limits = BandwidthEstimator.Limits()
    var seed: UInt64 = 1

    static let start = Instant(nanoseconds: 1_000_000_000_000)

    func run() -> Record {
        var record = Record(scenario: self)
        var settings = link
        settings.bitsPerSecond = rates[0].bitsPerSecond
        var forward = LinkEmulator(settings, seed: seed)
        var returns = flows.indices.map { LinkEmulator(back, seed: seed &+ 10 &+ UInt64($0)) }
        let senders = flows.indices.map { index in
            ModelSender(
                flow: UInt16(index), slots: slots, limits: limits,
                start: Self.start + .seconds(flows[index]), seed: seed &+ 100 &+ UInt64(index))
        }
        var receivers = flows.map {
            ModelReceiver(interval: feedbackInterval, start: Self.start + .seconds($0) + .milliseconds(7))
        }
        for millisecond in 0..<duration * 1000 {
            let now = Self.start + .milliseconds(millisecond)
            for change in rates where change.second * 1000 == millisecond && millisecond > 0 {
                settings.bitsPerSecond = change.bitsPerSecond
                forward.change(settings, at: now)
            }
            for index in flows.indices where millisecond >= flows[index] * 1000 {
                if millisecond == flows[index] * 1000 { senders[index].allocate(at: now) }
                for datagram in senders[index].advance(to: now) { forward.send(datagram, at: now) }
            }
            while let datagram = forward.receive(at: now) {
                let flow = Int(datagram.destination.port)
                guard let packet = ModelPacket(datagram.bytes) else { continue }
                receivers[flow].receive(packet, at: now)
                record.arrival(
                    flow: flow, kind: packet.kind, bytes: datagram.bytes.count + link.headerBytes,
                    delay: now - packet.sentAt - link.delay, at: millisecond)
            }
            for index in flows.indices where millisecond >= flows[index] * 1000 {
                let (compounds, requests) = receivers[index].feedback(at: now)
                for compound in compounds { returns[index].send(Self.wrap(compound), at: now) }
                if !requests.isEmpty { returns[index].send(Self.wrap(Self.encode(requests)), at: now) }
                while let datagram = returns[index].receive(at: now) {
                    if datagram.bytes[0] == 0 {
                        senders[index].receive(requests: Self.decode(datagram.bytes), at: now)
                    } else {
                        senders[index].receive(compound: datagram.bytes, at: now)
                    }
                }
            }
            if millisecond % 100 == 99 {
                for index in flows.indices { record.sample(senders[index], flow: index, at: millisecond) }
            }
        }
        record.finish(senders, link: forward.counters)
        return record
    }

    private static func wrap(_ bytes: [UInt8]) -> Datagram {
        Datagram(
            source: SocketAddress(ipv4: 2, port: 1), destination: SocketAddress(ipv4: 1, port: 1),
            bytes: bytes)
    }

    private static func encode(_ numbers: [UInt32]) -> [UInt8] {
        [0] + numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
    }

    private static func decode(_ bytes: [UInt8]) -> [UInt32] {
        stride(from: 1, to: bytes.count - 3, by: 4).map { offset in
            (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
        }
    }
}
