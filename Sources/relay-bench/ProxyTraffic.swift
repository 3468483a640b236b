import Impairment

/// What has gone through a proxy.
struct ProxyTraffic: Encodable, Sendable {
    /// One direction. Bytes are those on the wire, IP and UDP headers included.
    struct Direction: Encodable, Sendable {
        var datagramsIn = 0
        var bytesIn = 0
        var datagramsOut = 0
        var bytesOut = 0
        /// Lost on the way, and dropped as the queue was full.
        var lost = 0
        var dropped = 0
        var duplicated = 0
        var reordered = 0

        mutating func add(_ counters: LinkEmulator.Counters) {
            datagramsIn += counters.sent
            datagramsOut += counters.delivered
            lost += counters.lost
            dropped += counters.droppedByQueue
            duplicated += counters.duplicated
            reordered += counters.reordered
        }

        mutating func add(_ other: Direction) {
            datagramsIn += other.datagramsIn
            bytesIn += other.bytesIn
            datagramsOut += other.datagramsOut
            bytesOut += other.bytesOut
            lost += other.lost
            dropped += other.dropped
            duplicated += other.duplicated
            reordered += other.reordered
        }

        func since(_ earlier: Direction) -> Direction {
            Direction(
                datagramsIn: datagramsIn - earlier.datagramsIn, bytesIn: bytesIn - earlier.bytesIn,
                datagramsOut: datagramsOut - earlier.datagramsOut, bytesOut: bytesOut - earlier.bytesOut,
                lost: lost - earlier.lost, dropped: dropped - earlier.dropped,
                duplicated: duplicated - earlier.duplicated, reordered: reordered - earlier.reordered)
        }

        /// - Parameter seconds: how long this took, for the rate.
        func text(over seconds: Double) -> String {
            "\(datagramsIn) in, \(datagramsOut) out at "
                + "\(decimal(Double(bytesOut) * 8 / max(seconds, 0.001) / 1000, 0)) kbit/s, \(lost) lost, \(dropped) dropped"
        }
    }

    var up = Direction()
    var down = Direction()
    var clients = 0
    /// Datagrams of clients for whom there was no room, and those to a client that were not from the target.
    var refused = 0
    var strays = 0

    mutating func add(_ other: ProxyTraffic) {
        up.add(other.up)
        down.add(other.down)
        refused += other.refused
        strays += other.strays
    }

    /// The traffic between two moments.
    func since(_ earlier: ProxyTraffic) -> ProxyTraffic {
        ProxyTraffic(
            up: up.since(earlier.up), down: down.since(earlier.down), clients: clients,
            refused: refused - earlier.refused, strays: strays - earlier.strays)
    }

    func text(over seconds: Double) -> String {
        "up: \(up.text(over: seconds)); down: \(down.text(over: seconds)); clients: \(clients)"
    }
}
