/// A queue in a ring that grows up to a bound, and keeps its memory.
struct PacketRing<Element: BitwiseCopyable & Sendable>: Sendable {
    private var places: [Element] = []
    private var head = 0
    private(set) var count = 0

    var first: Element? { count > 0 ? places[head] : nil }

    /// Returns `false` if `limit` elements, a power of two, are there already.
    mutating func append(_ element: Element, limit: Int) -> Bool {
        if count == places.count {
            guard count < limit else { return false }
            grow(with: element)
        }
        places[(head + count) & (places.count - 1)] = element
        count += 1
        return true
    }

    mutating func removeFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = places[head]
        head = (head + 1) & (places.count - 1)
        count -= 1
        return element
    }

    func forEach(_ body: (Element) -> Void) {
        for offset in 0..<count { body(self[offset]) }
    }

    /// Keeps what `isKept` says, in order.
    mutating func filter(_ isKept: (Element) -> Bool) {
        var kept = 0
        for offset in 0..<count {
            let element = self[offset]
            guard isKept(element) else { continue }
            places[(head + kept) & (places.count - 1)] = element
            kept += 1
        }
        count = kept
    }

    /// The element at `offset` from the first; below `count`.
    private subscript(offset: Int) -> Element { places[(head + offset) & (places.count - 1)] }

    /// Doubles the room; `filler` takes the places that are not used yet.
    private mutating func grow(with filler: Element) {
        var larger: [Element] = []
        larger.reserveCapacity(max(16, places.count * 2))
        for offset in 0..<count { larger.append(self[offset]) }
        while larger.count < max(16, places.count * 2) { larger.append(filler) }
        places = larger
        head = 0
    }
}
