import Testing
import Wire

@testable import NodeCore

@Suite struct NodeMetricsTests {
    private static let families = NodeMetrics.families(NodeCounters(), NodeGauges())

    @Test func `names are unique and in snake case`() {
        let names = Self.families.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.hasPrefix("smartc_") })
        #expect(names.allSatisfy { $0.allSatisfy { ("a"..."z").contains($0) || $0 == "_" } })
    }

    @Test func `counters and only they end in total`() {
        #expect(Self.families.allSatisfy { ($0.kind == .counter) == $0.name.hasSuffix("_total") })
    }

    @Test func `every family explains itself`() {
        #expect(Self.families.allSatisfy { $0.help.count > 10 && $0.help.hasSuffix(".") })
    }

    @Test func `every reason of a drop has a sample from the start`() throws {
        let drops = try #require(Self.families.first { $0.name == "smartc_drops_total" })
        #expect(drops.samples.map { $0.labels[0].value } == DropReason.allCases.map(\.label))
        #expect(drops.samples.allSatisfy { $0.value == 0 })
    }

    @Test func `values are where they belong`() {
        var counters = NodeCounters()
        counters.packetsForwarded = 7
        counters.drops[.replayed] = 3
        counters.sessionsClosed = ["requested": 2, "shutdown": 1]
        var gauges = NodeGauges()
        gauges.watchers = 4
        gauges.downTracks = 5
        let families = NodeMetrics.families(counters, gauges)
        func value(_ name: String, _ label: String? = nil) -> Double? {
            families.first { $0.name == name }?.samples.first {
                label == nil || $0.labels.first?.value == label
            }?.value
        }
        #expect(value("smartc_packets_forwarded_total") == 7)
        #expect(value("smartc_drops_total", "replayed") == 3)
        #expect(value("smartc_sessions_closed_total", "requested") == 2)
        #expect(value("smartc_sessions_closed_total", "shutdown") == 1)
        #expect(value("smartc_sessions", "watch") == 4)
        #expect(value("smartc_sessions", "publish") == 0)
        #expect(value("smartc_tracks", "down") == 5)
    }

    @Test func `sessions are told by what they are served and why, from the start`() throws {
        func samples(_ gauges: NodeGauges) throws -> [String: Double] {
            let families = NodeMetrics.families(NodeCounters(), gauges)
            let family = try #require(families.first { $0.name == "smartc_sessions_by_profile" })
            #expect(
                family.kind == .gauge
                    && family.samples.allSatisfy { $0.labels.map(\.name) == ["profile", "reason"] })
            let pairs = family.samples.map { ($0.labels.map(\.value).joined(separator: " "), $0.value) }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        let names = ["full link", "full asked", "full granted", "3g asked", "3g granted", "3g estimate"]
        #expect(try samples(NodeGauges()) == Dictionary(uniqueKeysWithValues: names.map { ($0, 0) }))
        var one = NodeGauges()
        one.profiles[.init(isWeak: true, reason: .estimate)] = 2
        var two = NodeGauges()
        two.profiles[.init(isWeak: true, reason: .estimate)] = 3
        two.profiles[.init(isWeak: false, reason: .link)] = 4
        one.add(two)
        let sum = try samples(one)
        #expect(sum["3g estimate"] == 5 && sum["full link"] == 4 && sum["3g asked"] == 0)
    }

    @Test func `the counters of two workers add up`() {
        var one = NodeCounters()
        one.packetsReceived = 1
        one.sessionsClosed = ["requested": 2]
        var two = NodeCounters()
        two.packetsReceived = 10
        two.nacksSent = 4
        two.sessionsClosed = ["requested": 1, "shutdown": 5]
        two.drops[.padding] = 6
        one.add(two)
        #expect(one.packetsReceived == 11)
        #expect(one.nacksSent == 4)
        #expect(one.sessionsClosed == ["requested": 3, "shutdown": 5])
        #expect(one.drops[.padding] == 6)
    }

    @Test func `the gauges of two workers add up`() {
        var one = NodeGauges()
        one.rooms = 2
        var two = NodeGauges()
        two.rooms = 3
        two.echoes = 1
        one.add(two)
        #expect(one.rooms == 5)
        #expect(one.echoes == 1)
    }
}
