/// A change of a link as a line of words: `rate 128kbit`, `up loss 5%`, `down rate unlimited`.
package struct LinkChange: Hashable, Sendable {
    /// Which way datagrams go; up is from the client to its target.
    package enum Direction: String, Hashable, Sendable, CaseIterable {
        case up, down
    }

    private enum Setting: Hashable, Sendable {
        /// nil: unlimited.
        case rate(Int?)
        case delay(Duration)
        case jitter(Duration)
        case loss(Double)
        /// The average length of a run of losses; nil: each for itself.
        case burst(Double?)
        case reorder(Double)
        case duplicate(Double)
        case queue(Duration)
        /// RTP of a payload type is lost; nil: none is.
        case block(UInt8?)
        /// The next datagrams are lost.
        case drop(Int)
    }

    private static let wanted =
        "a change: [up|down] and one of: rate 128kbit, rate unlimited, delay 150ms, jitter 20ms, loss 5%, "
        + "burst 5, burst off, reorder 1%, duplicate 1%, queue 300ms, block 97, block off, drop 3"

    /// The directions that it is about.
    package let directions: [Direction]
    private let setting: Setting

    package init(_ line: some StringProtocol) throws(ArgumentFailure) {
        var words = line.split(whereSeparator: { $0 == " " }).map { String($0) }
        if let first = words.first, let direction = Direction(rawValue: first) {
            directions = [direction]
            words.removeFirst()
        } else {
            directions = Direction.allCases
        }
        guard words.count == 2 else { throw ArgumentFailure(line, wanted: Self.wanted) }
        let value = words[1]
        switch words[0] {
        case "rate": setting = .rate(value == "unlimited" ? nil : try BitrateArgument(value).bitsPerSecond)
        case "delay": setting = .delay(try DurationArgument(value).duration)
        case "jitter": setting = .jitter(try DurationArgument(value).duration)
        case "loss": setting = .loss(try PercentArgument(value).share)
        case "burst": setting = .burst(value == "off" ? nil : try Self.length(value))
        case "reorder": setting = .reorder(try PercentArgument(value).share)
        case "duplicate": setting = .duplicate(try PercentArgument(value).share)
        case "queue": setting = .queue(try DurationArgument(value).duration)
        case "block": setting = .block(value == "off" ? nil : try Self.payloadType(value))
        case "drop": setting = .drop(try Self.count(value))
        default: throw ArgumentFailure(line, wanted: Self.wanted)
        }
    }

    private static func length(_ text: String) throws(ArgumentFailure) -> Double {
        guard let measured = MeasuredText(text), measured.unit.isEmpty, (1...1000).contains(measured.number)
        else {
            throw ArgumentFailure(text, wanted: "a number of datagrams from 1 to 1000, or off")
        }
        return measured.number
    }

    private static func payloadType(_ text: String) throws(ArgumentFailure) -> UInt8 {
        guard let type = UInt8(text), (96...127).contains(type) else {
            throw ArgumentFailure(text, wanted: "a dynamic payload type from 96 to 127, or off")
        }
        return type
    }

    private static func count(_ text: String) throws(ArgumentFailure) -> Int {
        guard let count = Int(text), (0...100_000).contains(count) else {
            throw ArgumentFailure(text, wanted: "a number of datagrams from 0 to 100000")
        }
        return count
    }

    /// How many datagrams in one direction are to be lost from now on, whatever the settings; nil: this is no such change.
    package func drops(of direction: Direction) -> Int? {
        guard directions.contains(direction), case .drop(let count) = setting else { return nil }
        return count
    }

    /// Changes the settings of one direction, if the change is about that.
    package func apply(to settings: inout LinkSettings, of direction: Direction) {
        guard directions.contains(direction) else { return }
        switch setting {
        case .rate(let rate): settings.bitsPerSecond = rate
        case .delay(let delay): settings.delay = delay
        case .jitter(let jitter): settings.jitter = jitter
        case .loss(let share): settings.loss = LossModel(share: share, burstLength: settings.loss.burstLength)
        case .burst(let length): settings.loss = LossModel(share: settings.loss.share, burstLength: length)
        case .reorder(let share): settings.reorder = share
        case .duplicate(let share): settings.duplicate = share
        case .queue(let limit): settings.queueLimit = .time(limit)
        case .block(let type): settings.blockedPayloadType = type
        case .drop: break
        }
    }
}
