import RTP
import Wire

/// What transport-wide feedback has told of the packets that were sent.
package struct FeedbackLedger: Sendable {
    private enum Fate {
        case unsent, sent, missing, arrived
    }

    private var fates = [Fate](repeating: .unsent, count: 65536)
    private var nextSequenceNumber: UInt16 = 1
    package private(set) var sent = 0
    package private(set) var reports = 0
    /// Packets that the remote has told to have arrived, and those that it has told to be missing so far.
    package private(set) var arrived = 0
    package private(set) var missing = 0
    package private(set) var malformed = 0
    private var lastReportAt: Instant?
    /// The longest time between two reports.
    package private(set) var longestPause = Duration.zero

    /// The transport-wide number of the next packet.
    mutating func take() -> UInt16 {
        defer { nextSequenceNumber &+= 1 }
        sent += 1
        fates[Int(nextSequenceNumber)] = .sent
        return nextSequenceNumber
    }

    mutating func receive(_ header: TransportFeedbackHeader, in compound: Span<UInt8>, at now: Instant) {
        reports += 1
        if let lastReportAt { longestPause = max(longestPause, now - lastReportAt) }
        lastReportAt = now
        var results: [(UInt16, Bool)] = []
        let isWhole = header.forEachResult(in: compound) { number, arrival in
            results.append((number, arrival != nil))
        }
        if !isWhole { malformed += 1 }
        for (number, hasArrived) in results {
            switch (fates[Int(number)], hasArrived) {
            case (.sent, true):
                arrived += 1
                fates[Int(number)] = .arrived
            case (.missing, true):
                missing -= 1
                arrived += 1
                fates[Int(number)] = .arrived
            case (.sent, false):
                missing += 1
                fates[Int(number)] = .missing
            case (.missing, false), (.arrived, _):
                break
            case (.unsent, _):
                malformed += 1
            }
        }
    }
}
