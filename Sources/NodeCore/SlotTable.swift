import BasicContainers

/// A table whose places are used again: an element is named by its slot number, and by a generation where the name
/// may outlive the element.
package struct SlotTable<Element: ~Copyable>: ~Copyable {
    private var slots = UniqueArray<TableSlot<Element>>()
    private var free: [Int] = []
    /// The number of elements.
    package private(set) var count = 0

    package init() {}

    /// One more than the highest slot number ever used.
    package var slotCount: Int { slots.count }

    /// The slot number that the next insertion uses.
    package var nextSlot: Int { free.last ?? slots.count }

    /// Puts an element into the slot that `nextSlot` named, and returns its number.
    @discardableResult
    package mutating func insert(_ element: consuming Element) -> Int {
        count += 1
        if let slot = free.popLast() {
            slots[slot].element = consume element
            return slot
        }
        slots.append(TableSlot(generation: 1, element: consume element))
        return slots.count - 1
    }

    /// Empties a slot; what was in it ends here.
    package mutating func remove(_ slot: Int) {
        guard isOccupied(slot) else { return }
        slots[slot].element = nil
        slots[slot].generation &+= 1
        free.append(slot)
        count -= 1
    }

    /// Whether there is an element in a slot.
    package func isOccupied(_ slot: Int) -> Bool {
        guard slot >= 0, slot < slots.count else { return false }
        switch slots[slot].element {
        case .some: return true
        case nil: return false
        }
    }

    /// How often a slot has been emptied; a name that remembers another number means a former element.
    package func generation(of slot: Int) -> UInt32 {
        slots[slot].generation
    }

    /// The element in a slot below `slotCount`.
    package subscript(slot: Int) -> Element? {
        _read { yield slots[slot].element }
        _modify { yield &slots[slot].element }
    }
}

/// A place in a `SlotTable`. It stands outside, as the compiler cannot nest a private type in a generic noncopyable one.
struct TableSlot<Element: ~Copyable>: ~Copyable {
    var generation: UInt32
    var element: Element?
}
