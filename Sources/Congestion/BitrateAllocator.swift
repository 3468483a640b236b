package import Wire

/// Divides what may be sent to a subscriber over its video slots.
///
/// First the smallest layer for every slot, by priority; what is left raises slots step by step, by priority, among
/// equals the one that has least of what it wants. No slot gets more than its wanted size asks for.
///
/// A slot goes down at once when the budget no longer covers what is sent; the least important first. It goes up
/// when the budget has covered the better layer and 15 % more for a second, and not within five seconds of its last
/// switch. A layer that had to be given up soon after it was chosen is tried again after twice the time, up to
/// 40 s: the link is a little too small for it, and trying costs the others.
package struct BitrateAllocator: Sendable {
    package struct Summary: Equatable, Sendable {
        /// What the choices take.
        package var bitsPerSecond: Int
        /// What all slots would take if there were enough.
        package var desiredBitsPerSecond: Int
        /// The budget at which the next slot would go up; `nil` if all have what they want.
        package var nextBitsPerSecond: Int?
        /// Whether a choice has changed.
        package var hasChanged: Bool
    }

    package static let maximumSlots = 64
    static let headroom = 1.15
    /// The same for a slot that has been paused: next to nothing is better than nothing.
    static let resumeHeadroom = 1.03
    /// A budget this much short of what is sent is within the error of the estimate.
    static let tolerance = 0.97
    /// Below this share of what the smallest layers take, slots are paused at once,
    static let pauseShare = 0.7
    /// and after so many microseconds if less is missing: a picture that comes and goes is worse than a short queue.
    static let longestStrain: Int64 = 5_000_000
    /// In microseconds.
    static let confirmation: Int64 = 1_000_000
    static let shortestPatience: Int64 = 5_000_000
    static let longestPatience: Int64 = 40_000_000
    /// A layer kept for so long was no mistake.
    static let provenTime: Int64 = 20_000_000

    /// The slots in the caller's order, 64 at most.
    package var slots: [AllocatedSlot] = []
    /// Indices of `slots` by falling priority, and the layers of the division that is worked on; -1: none.
    private var order: [Int] = []
    private var ideal: [Int] = []
    /// Since when not even the smallest layers fit.
    private var strainedSince: Int64?

    package init() {}

    /// Chooses anew. To be called after feedback and whenever a slot has changed.
    ///
    /// - Parameter budget: bits per second for video, headers included: `Downlink.videoBitsPerSecond`.
    package mutating func allocate(_ budget: Int, at now: Instant) -> Summary {
        precondition(slots.count <= Self.maximumSlots, "at most 64 slots")
        let time = now.microseconds
        sort()
        var hasChanged = false
        for index in slots.indices { hasChanged = settle(index, at: time) || hasChanged }
        hasChanged = shed(to: budget, at: time) || hasChanged
        divide(budget)
        hasChanged = raise(within: budget, at: time) || hasChanged
        return summary(hasChanged: hasChanged)
    }

    // MARK: - Private

    private var total: Int {
        var sum = 0
        for slot in slots { sum += slot.cost(slot.current) }
        return sum
    }

    /// By priority; equals stay in the caller's order.
    private mutating func sort() {
        if order.count != slots.count {
            order = Array(slots.indices)
            ideal = Array(repeating: -1, count: slots.count)
        }
        for position in order.indices.dropFirst() {
            var place = position
            while place > 0, isBefore(order[place], order[place - 1]) {
                order.swapAt(place, place - 1)
                place -= 1
            }
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (slots[right].priority, left) < (slots[left].priority, right)
    }

    /// Adapts a choice to what is wanted and to what there is, before it comes to bits.
    private mutating func settle(_ index: Int, at time: Int64) -> Bool {
        let slot = slots[index]
        let best = slot.best
        switch slot.choice {
        case .unused:
            guard best >= 0 else { return false }
            slots[index].choice = .paused
            slots[index].isFresh = true
            return true
        case .paused:
            guard best < 0 else { return false }
            slots[index].choice = .unused
            return true
        case .layer:
            if best < 0 {
                slots[index].choice = .unused
                return true
            }
            if slot.current < 0 {
                // The layer is gone: the next best may come at once.
                slots[index].choice = .paused
                slots[index].isFresh = true
                return true
            }
            guard slot.current > best else { return false }
            change(index, to: best, at: time)
            return true
        }
    }

    /// Gives up layers, then whole slots, from the least important on, until the budget covers the rest.
    private mutating func shed(to budget: Int, at time: Int64) -> Bool {
        let limit = Int(Double(budget) / Self.tolerance)
        var used = total
        guard used > limit else {
            strainedSince = nil
            return false
        }
        var hasChanged = false
        for index in order.reversed() {
            while used > limit, slots[index].current > 0 {
                let current = slots[index].current
                used += slots[index].cost(current - 1) - slots[index].cost(current)
                lower(index, to: current - 1, at: time)
                hasChanged = true
            }
        }
        guard used > limit else { return hasChanged }
        let since = strainedSince ?? time
        strainedSince = since
        let isBeyond = Double(budget) < Self.pauseShare * Double(used) || time - since >= Self.longestStrain
        for index in order.reversed() where isBeyond && used > limit && slots[index].current == 0 {
            used -= slots[index].cost(0)
            lower(index, to: -1, at: time)
            hasChanged = true
        }
        return hasChanged
    }

    /// Fills `ideal`: what there would be if nothing were sent yet.
    private mutating func divide(_ budget: Int) {
        var left = Int(Double(budget) / Self.resumeHeadroom)
        for index in order {
            let fits = slots[index].best >= 0 && slots[index].cost(0) <= left
            ideal[index] = fits ? 0 : -1
            left -= slots[index].cost(ideal[index])
        }
        left += Int(Double(budget) / Self.headroom) - Int(Double(budget) / Self.resumeHeadroom)
        var from = 0
        while from < order.count {
            var to = from + 1
            while to < order.count, slots[order[to]].priority == slots[order[from]].priority { to += 1 }
            while let index = neediest(order[from..<to], left: left) {
                left -= step(index)
                ideal[index] += 1
            }
            from = to
        }
    }

    /// What the next step up takes in addition.
    private func step(_ index: Int) -> Int {
        slots[index].cost(ideal[index] + 1) - slots[index].cost(ideal[index])
    }

    /// Of the slots that could go one step up, the one that has the least share of its best layer.
    private func neediest(_ candidates: ArraySlice<Int>, left: Int) -> Int? {
        var found: Int?
        var least = Double.infinity
        for index in candidates where ideal[index] >= 0 && ideal[index] < slots[index].best {
            guard step(index) <= left else { continue }
            let share =
                Double(slots[index].cost(ideal[index])) / Double(max(slots[index].cost(slots[index].best), 1))
            if share < least {
                least = share
                found = index
            }
        }
        return found
    }

    /// Moves slots up towards `ideal`, as far as they may, at the cost of those that have more than theirs.
    private mutating func raise(within budget: Int, at time: Int64) -> Bool {
        var hasChanged = false
        var used = total
        for index in order {
            let slot = slots[index]
            guard ideal[index] > slot.current else {
                slots[index].roomSince = nil
                continue
            }
            let roomSince = slot.roomSince ?? time
            slots[index].roomSince = roomSince
            let hasWaited = time - roomSince >= Self.confirmation
            let patience = slot.current < 0 ? Self.shortestPatience : slot.patience
            let isRested = slot.lastSwitch.map { time - $0 >= patience } ?? true
            guard slot.isFresh || (hasWaited && isRested) else { continue }
            let needed = slot.cost(ideal[index]) - slot.cost(slot.current)
            let limit = Int(Double(budget) / (ideal[index] == 0 ? Self.resumeHeadroom : Self.headroom))
            if used + needed > limit {
                hasChanged = takeBack(used + needed - limit, for: index, at: time) || hasChanged
                used = total
                guard used + needed <= limit else { continue }
            }
            let isFirst = slot.current < 0
            change(index, to: ideal[index], at: time)
            // The first choice is made with a guess of the link; the second need not wait.
            slots[index].lastSwitch = isFirst && slot.isFresh ? nil : time
            slots[index].lastRaise = time
            slots[index].isFresh = false
            used += needed
            hasChanged = true
        }
        return hasChanged
    }

    /// Lowers slots of less importance that have more than their share, if that makes room for `bits` more.
    private mutating func takeBack(_ bits: Int, for raised: Int, at time: Int64) -> Bool {
        var available = 0
        for index in order where index != raised && ideal[index] < slots[index].current {
            available += slots[index].cost(slots[index].current) - slots[index].cost(ideal[index])
        }
        guard available >= bits else { return false }
        var missing = bits
        for index in order.reversed() where index != raised {
            while missing > 0, slots[index].current > ideal[index] {
                let current = slots[index].current
                missing -= slots[index].cost(current) - slots[index].cost(current - 1)
                change(index, to: current - 1, at: time)
            }
        }
        return true
    }

    /// Goes down because the link does not carry more.
    private mutating func lower(_ index: Int, to layer: Int, at time: Int64) {
        let slot = slots[index]
        if let lastRaise = slot.lastRaise {
            let wasMistake = time - lastRaise < Self.provenTime
            slots[index].patience =
                wasMistake ? min(slot.patience * 2, Self.longestPatience) : Self.shortestPatience
            slots[index].lastRaise = nil
        }
        slots[index].isFresh = false
        change(index, to: layer, at: time)
    }

    private mutating func change(_ index: Int, to layer: Int, at time: Int64) {
        slots[index].choice = layer >= 0 ? .layer(slots[index].options[layer].id) : .paused
        slots[index].lastSwitch = time
        slots[index].roomSince = nil
    }

    private func summary(hasChanged: Bool) -> Summary {
        var summary = Summary(
            bitsPerSecond: total, desiredBitsPerSecond: 0, nextBitsPerSecond: nil, hasChanged: hasChanged)
        for index in order {
            let slot = slots[index]
            summary.desiredBitsPerSecond += slot.cost(slot.best)
            guard summary.nextBitsPerSecond == nil, slot.current < slot.best else { continue }
            let wanted = summary.bitsPerSecond - slot.cost(slot.current) + slot.cost(slot.current + 1)
            let headroom = slot.current < 0 ? Self.resumeHeadroom : Self.headroom
            summary.nextBitsPerSecond = Int(Double(wanted) * headroom) + 1
        }
        return summary
    }
}
