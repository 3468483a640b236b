import Testing
import Wire

@testable import Congestion

@Suite struct BitrateAllocatorTests {
    private static let start = Instant(nanoseconds: 5_000_000_000)

    private func options(_ rates: [(Int, Int)] = [(150_000, 180), (500_000, 360), (1_200_000, 720)])
        -> LayerOptions
    {
        var options = LayerOptions()
        for (index, (rate, height)) in rates.enumerated().reversed() {
            options.insert(
                LayerOption(bitsPerSecond: rate, height: height, framesPerSecond: 30, id: UInt8(index)))
        }
        return options
    }

    private func allocator(priorities: [UInt8], wanted: Int = 720) -> BitrateAllocator {
        var allocator = BitrateAllocator()
        allocator.slots = priorities.map {
            AllocatedSlot(priority: $0, wantedHeight: wanted, options: options())
        }
        return allocator
    }

    private func choices(_ allocator: BitrateAllocator) -> [AllocatedSlot.Choice] {
        allocator.slots.map(\.choice)
    }

    @Test(arguments: [(180, 0), (200, 2), (90, 0), (360, 2), (361, 3), (2000, 3)])
    func `the best layer is the smallest that is large enough`(wanted: Int, expected: Int) {
        let options = options([(100_000, 180), (150_000, 360), (250_000, 360), (900_000, 720)])
        #expect(options.best(for: wanted) == expected)
        #expect(options.best(for: 0) == nil)
    }

    @Test func `more layers than fit leave out the largest`() {
        var options = LayerOptions()
        for id in (0..<20).reversed() {
            options.insert(
                LayerOption(bitsPerSecond: 1000 * (id + 1), height: 100, framesPerSecond: 30, id: UInt8(id)))
        }
        let ids = (0..<options.count).map { options[$0].id }
        #expect(ids == Array(0..<12))
    }

    @Test func `everybody has the smallest layer before anybody has more`() {
        var allocator = allocator(priorities: [1, 9, 5])
        let summary = allocator.allocate(1_000_000, at: Self.start)
        #expect(choices(allocator) == [.layer(0), .layer(1), .layer(0)])
        #expect(summary.bitsPerSecond == 800_000)
        #expect(summary.desiredBitsPerSecond == 3_600_000)
        #expect(summary.nextBitsPerSecond == 1_725_000)
    }

    @Test func `the least important slot is paused when not all fit`() {
        var allocator = allocator(priorities: [1, 9, 5])
        _ = allocator.allocate(400_000, at: Self.start)
        #expect(choices(allocator) == [.paused, .layer(0), .layer(0)])
    }

    @Test func `equals are raised in turn`() {
        var allocator = allocator(priorities: [3, 3])
        _ = allocator.allocate(1_200_000, at: Self.start)
        #expect(choices(allocator) == [.layer(1), .layer(1)])
    }

    @Test func `what is not wanted takes nothing`() {
        var allocator = allocator(priorities: [3, 3])
        allocator.slots[0].wantedHeight = 0
        allocator.slots[1].wantedHeight = 300
        let summary = allocator.allocate(10_000_000, at: Self.start)
        #expect(choices(allocator) == [.unused, .layer(1)])
        #expect(summary.nextBitsPerSecond == nil)
        allocator.slots[1].wantedHeight = 100
        _ = allocator.allocate(10_000_000, at: Self.start)
        #expect(choices(allocator) == [.unused, .layer(0)])
    }

    @Test func `down at once, up after a second of room and five of rest`() {
        var allocator = allocator(priorities: [3])
        _ = allocator.allocate(2_000_000, at: Self.start)
        #expect(choices(allocator) == [.layer(2)])
        let down = allocator.allocate(900_000, at: Self.start + .seconds(30))
        #expect(down.hasChanged)
        #expect(choices(allocator) == [.layer(1)])
        var raisedAt: Int?
        for tick in 1...100 where raisedAt == nil {
            let now = Self.start + .seconds(30) + .milliseconds(tick * 100)
            if allocator.allocate(2_000_000, at: now).hasChanged { raisedAt = tick }
        }
        #expect(raisedAt == 50)
        #expect(choices(allocator) == [.layer(2)])
    }

    @Test func `a budget that moves around a boundary does not make the picture flap`() {
        var allocator = allocator(priorities: [3])
        _ = allocator.allocate(1_000_000, at: Self.start)
        var switches: [Int] = []
        for tick in 1...6000 {
            let budget = 1_200_000 + (tick / 7 % 2 == 0 ? 150_000 : -150_000)
            if allocator.allocate(budget, at: Self.start + .milliseconds(tick * 100)).hasChanged {
                switches.append(tick)
            }
        }
        #expect(switches.isEmpty)
    }

    @Test func `a layer that had to be given up is tried again ever later`() {
        var allocator = allocator(priorities: [3])
        _ = allocator.allocate(1_000_000, at: Self.start)
        var raises: [Int] = []
        for tick in 1...4000 {
            // The link seems to carry it until it is tried.
            let isTried = allocator.slots[0].choice == .layer(2)
            let changed = allocator.allocate(
                isTried ? 1_000_000 : 1_500_000, at: Self.start + .milliseconds(tick * 100)
            ).hasChanged
            if changed, allocator.slots[0].choice == .layer(2) { raises.append(tick) }
        }
        let distances = zip(raises.dropFirst(), raises).map { $0 - $1 }
        #expect(distances.first ?? 0 >= 100)
        #expect(zip(distances.dropFirst(), distances).allSatisfy { $0 >= $1 })
        #expect(distances.last ?? 0 >= 400)
    }

    @Test func `a short lack does not pause the smallest layer, a long or a large one does`() {
        var allocator = allocator(priorities: [3])
        _ = allocator.allocate(200_000, at: Self.start)
        _ = allocator.allocate(130_000, at: Self.start + .seconds(1))
        #expect(choices(allocator) == [.layer(0)])
        _ = allocator.allocate(130_000, at: Self.start + .seconds(6))
        #expect(choices(allocator) == [.paused])
        var other = self.allocator(priorities: [3])
        _ = other.allocate(200_000, at: Self.start)
        _ = other.allocate(100_000, at: Self.start + .seconds(1))
        #expect(choices(other) == [.paused])
    }

    @Test func `a slot that is wanted larger and important takes from the others`() {
        var allocator = allocator(priorities: [3, 3], wanted: 360)
        _ = allocator.allocate(1_800_000, at: Self.start)
        #expect(choices(allocator) == [.layer(1), .layer(1)])
        allocator.slots[1].priority = 9
        allocator.slots[1].wantedHeight = 720
        _ = allocator.allocate(1_800_000, at: Self.start + .seconds(1))
        #expect(choices(allocator) == [.layer(0), .layer(2)])
    }

    @Test func `a source that loses its layers is unused, and another is shown at once`() {
        var allocator = allocator(priorities: [3])
        _ = allocator.allocate(2_000_000, at: Self.start)
        allocator.slots[0].options = LayerOptions()
        _ = allocator.allocate(2_000_000, at: Self.start + .milliseconds(1))
        #expect(choices(allocator) == [.unused])
        allocator.slots[0].show(options([(100_000, 144)]))
        _ = allocator.allocate(2_000_000, at: Self.start + .milliseconds(2))
        #expect(choices(allocator) == [.layer(0)])
    }
}
