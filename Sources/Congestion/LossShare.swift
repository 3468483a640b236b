/// Which share of the packets of the last second was lost, and how much of that the path loses anyway.
///
/// Where few packets are sent it takes longer to tell, up to four seconds: of the 30 packets a second of one small picture and a
/// voice a single burst of losses is a fifth.
struct LossShare: Sendable {
    private static let bucket: Int64 = 100_000
    private static let count = 40
    /// A second, which is enough if there were enough packets in it.
    private static let shortest = 10
    private static let enoughPackets = 100
    /// Fewer packets tell nothing.
    private static let minimumPackets = 20
    /// What a path is believed to lose without a queue; more is a policer or a link beyond use.
    private static let largestBackground = 0.08

    private var arrived = InlineArray<40, Int32>(repeating: 0)
    private var missing = InlineArray<40, Int32>(repeating: 0)
    private var head: Int64 = 0
    /// The losses of times without a queue, averaged: those are not ours.
    private(set) var background = 0.0

    init() {}

    /// Takes the counts of one report; `missing` is below 0 when packets told as lost came after all.
    mutating func add(arrived newArrived: Int, missing newMissing: Int, at microseconds: Int64) {
        let number = microseconds / Self.bucket
        if number > head {
            for step in 0..<min(number &- head, Int64(Self.count)) {
                let slot = Self.slot(number &- step)
                arrived[slot] = 0
                missing[slot] = 0
            }
            head = number
        }
        arrived[Self.slot(head)] &+= Int32(truncatingIfNeeded: newArrived)
        missing[Self.slot(head)] &+= Int32(truncatingIfNeeded: newMissing)
    }

    /// 0...1, or `nil` when too little was sent to tell.
    var share: Double? {
        var arrivals = 0
        var losses = 0
        for age in 0..<Self.count where age < Self.shortest || arrivals + losses < Self.enoughPackets {
            let slot = Self.slot(head - Int64(age))
            arrivals += Int(arrived[slot])
            losses += Int(missing[slot])
        }
        losses = max(losses, 0)
        guard arrivals + losses >= Self.minimumPackets else { return nil }
        return Double(losses) / Double(arrivals + losses)
    }

    /// Forgets what was counted: it has been answered.
    mutating func restart() {
        arrived = InlineArray(repeating: 0)
        missing = InlineArray(repeating: 0)
    }

    /// Learns from a report that came while nothing waited.
    mutating func learnBackground() {
        guard let share else { return }
        background = min(background + 0.05 * (share - background), Self.largestBackground)
    }

    private static func slot(_ number: Int64) -> Int {
        Int(((number % Int64(count)) + Int64(count)) % Int64(count))
    }
}
