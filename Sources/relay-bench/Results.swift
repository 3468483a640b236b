import FoundationEssentials

/// One measurement of `relay-bench forward`: a contestant, started anew, under one load.
struct ResultsSample: Codable, Sendable {
    let contestant: ForwardContestant
    /// From 1.
    let round: Int
    /// Packets of a picture.
    let burst: Int
    let subscribers: Int
    let connected: Int
    let packetsReceived: Int
    let lossPercent: Double
    let latencyMilliseconds: [String: Double]
    let cpuSecondsPerMillionPackets: Double?
    /// Of one core.
    let cpuShare: Double?
    let residentBytesPerSubscriber: Int?
    /// Datagrams for which a program of this machine had no room because it read too slowly: with losses, a sign that
    /// the load and not the server was short of CPU time.
    let receiveBufferDrops: Int
}

/// What a comparison has shown, and under what conditions.
struct Results: Encodable, Sendable {
    /// The medians of one contestant's rounds under one load.
    struct Medians: Encodable, Sendable {
        let rounds: Int
        let cpuSecondsPerMillionPackets: Double?
        let cpuShare: Double?
        let residentBytesPerSubscriber: Double?
        let latencyP50Milliseconds: Double?
        let latencyP99Milliseconds: Double?
        let lossPercent: Double?
    }

    /// How many times more the rival takes than the relay.
    struct Ratios: Encodable, Sendable {
        let cpu: Double?
        let memory: Double?
        let latencyP50: Double?
        let latencyP99: Double?
    }

    struct Row: Encodable, Sendable {
        let burst: Int
        let subscribers: Int
        let relay: Medians
        let rival: Medians?
        let ratios: Ratios?
    }

    let machine: ResultsMachine
    /// RFC 3339, UTC.
    let date: String
    let command: String
    let rival: ForwardContestant?
    let seconds: Int
    let rounds: Int
    let framesPerSecond: Int
    let packetBytes: Int
    var versions: [String: String] = [:]
    private(set) var rows: [Row] = []
    private(set) var samples: [ResultsSample] = []
    /// What went wrong, in order.
    var failures: [String] = []

    init(_ forward: Forward, command: String) {
        machine = ResultsMachine()
        date = Date.now.formatted(.iso8601)
        self.command = command
        rival = forward.against.contestant
        seconds = forward.seconds
        rounds = forward.rounds
        framesPerSecond = Forward.framesPerSecond
        packetBytes = Forward.packetBytes
    }

    /// Takes a measurement in; the rows follow.
    mutating func add(_ sample: ResultsSample) {
        samples.append(sample)
        guard
            let index = rows.firstIndex(where: {
                $0.burst == sample.burst && $0.subscribers == sample.subscribers
            })
        else {
            rows.append(row(sample.burst, sample.subscribers))
            return
        }
        rows[index] = row(sample.burst, sample.subscribers)
    }

    func document() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    private func row(_ burst: Int, _ subscribers: Int) -> Row {
        let ours = medians(.relay, burst, subscribers)
        guard let rival else {
            return Row(burst: burst, subscribers: subscribers, relay: ours, rival: nil, ratios: nil)
        }
        let theirs = medians(rival, burst, subscribers)
        let ratios = Ratios(
            cpu: Self.ratio(theirs.cpuSecondsPerMillionPackets, ours.cpuSecondsPerMillionPackets),
            memory: Self.ratio(theirs.residentBytesPerSubscriber, ours.residentBytesPerSubscriber),
            latencyP50: Self.ratio(theirs.latencyP50Milliseconds, ours.latencyP50Milliseconds),
            latencyP99: Self.ratio(theirs.latencyP99Milliseconds, ours.latencyP99Milliseconds))
        return Row(burst: burst, subscribers: subscribers, relay: ours, rival: theirs, ratios: ratios)
    }

    private func medians(_ contestant: ForwardContestant, _ burst: Int, _ subscribers: Int) -> Medians {
        let own = samples.filter {
            $0.contestant == contestant && $0.burst == burst && $0.subscribers == subscribers
        }
        return Medians(
            rounds: own.count,
            cpuSecondsPerMillionPackets: Self.median(own.compactMap(\.cpuSecondsPerMillionPackets)),
            cpuShare: Self.median(own.compactMap(\.cpuShare)),
            residentBytesPerSubscriber: Self.median(
                own.compactMap { $0.residentBytesPerSubscriber.map(Double.init) }),
            latencyP50Milliseconds: Self.median(own.compactMap { $0.latencyMilliseconds["p50"] }),
            latencyP99Milliseconds: Self.median(own.compactMap { $0.latencyMilliseconds["p99"] }),
            lossPercent: Self.median(own.map(\.lossPercent)))
    }

    private static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    private static func ratio(_ theirs: Double?, _ ours: Double?) -> Double? {
        guard let theirs, let ours, ours > 0 else { return nil }
        return theirs / ours
    }
}
