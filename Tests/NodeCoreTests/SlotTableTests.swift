import Testing

@testable import NodeCore

/// Something that cannot be copied.
private struct Ticket: ~Copyable {
    var number: Int
}

@Suite struct SlotTableTests {
    /// The numbers of the tickets by slot.
    private static func numbers(_ table: inout SlotTable<Ticket>) -> [Int?] {
        (0..<table.slotCount).map { table[$0]?.number }
    }

    @Test func `elements are found by their slot`() {
        var table = SlotTable<Ticket>()
        let slots = (0..<3).map { table.insert(Ticket(number: 10 + $0)) }
        #expect(slots == [0, 1, 2])
        let numbers = Self.numbers(&table)
        #expect(numbers == [10, 11, 12])
        #expect(table.count == 3)
    }

    @Test func `an element is changed in its place`() {
        var table = SlotTable<Ticket>()
        table.insert(Ticket(number: 1))
        table[0]?.number += 5
        let number = table[0]?.number
        #expect(number == 6)
    }

    @Test func `a slot is used again under another generation`() {
        var table = SlotTable<Ticket>()
        for number in 0..<3 { table.insert(Ticket(number: number)) }
        let generation = table.generation(of: 1)
        table.remove(1)
        let numbers = Self.numbers(&table)
        let occupied = (0..<3).map { table.isOccupied($0) }
        #expect(numbers == [0, nil, 2])
        #expect(occupied == [true, false, true])
        #expect(table.count == 2)
        #expect(table.nextSlot == 1)
        let next = table.nextSlot
        let slot = table.insert(Ticket(number: 9))
        #expect(slot == next)
        #expect(table.generation(of: 1) == generation + 1)
        #expect(table.generation(of: 0) == table.generation(of: 2))
        #expect(table.slotCount == 3)
        #expect(table.nextSlot == 3)
    }

    @Test func `an empty slot is not emptied again`() {
        var table = SlotTable<Ticket>()
        table.insert(Ticket(number: 0))
        table.remove(0)
        let generation = table.generation(of: 0)
        for slot in [0, 1, -1] { table.remove(slot) }
        #expect(table.count == 0)
        #expect(table.generation(of: 0) == generation)
        let slots = (0..<2).map { table.insert(Ticket(number: $0)) }
        #expect(slots == [0, 1])
    }

    @Test(arguments: [-1, 0, 5])
    func `a slot that never was is not occupied`(slot: Int) {
        let table = SlotTable<Ticket>()
        let isOccupied = table.isOccupied(slot)
        #expect(!isOccupied)
    }
}
