import SDP

/// What publishers have sent and watchers received up to a moment, stream by stream.
struct TrafficSample: Sendable {
    /// Names a member of all fleets.
    struct Key: Hashable, Sendable {
        let fleet: ObjectIdentifier
        let number: Int
    }

    /// A stream as a publisher sends it.
    struct Source: Sendable {
        let publisher: Int
        let kind: MediaKind
        let packets: Int
    }

    /// A stream as a watcher receives it.
    struct Flow: Sendable {
        let kind: MediaKind
        /// The stream that the content names, if it could be read.
        let source: UInt32?
        let received: Int
        let lost: Int
    }

    struct Receiver: Sendable {
        let publisher: Int
        let flows: [Flow]
    }

    /// By SSRC.
    var sent: [UInt32: Source] = [:]
    var receivers: [Key: Receiver] = [:]

    mutating func add(_ other: TrafficSample) {
        sent.merge(other.sent) { _, new in new }
        receivers.merge(other.receivers) { _, new in new }
    }
}
