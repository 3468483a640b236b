import SDP

/// The payload types of one source: as they arrive, as they leave, and of their RTX.
struct CodecRoutes: Sendable {
    struct Route: Sendable {
        var arriving: UInt8 = 0
        var leaving: UInt8 = 0
        var retransmission: UInt8?
    }

    /// Whose they are: all encodings of a track have the same.
    private var track: UInt32 = 0
    private var generation: UInt32 = 0
    private var routes = InlineArray<12, Route>(repeating: Route())
    private(set) var count = 0

    init() {}

    /// - Parameters:
    ///   - arriving: what the source can send.
    ///   - leaving: what the subscriber can receive.
    init(of source: SourceReference, _ arriving: [NegotiatedCodec], to leaving: [NegotiatedCodec]) {
        track = source.track
        generation = source.generation
        for codec in arriving {
            guard count < routes.count,
                let match = leaving.first(where: { $0.codec == codec.codec })
                    ?? leaving.first(where: { codec.codec.isReceivable(as: $0.codec) })
            else { continue }
            routes[count] = Route(
                arriving: codec.payloadType, leaving: match.payloadType,
                retransmission: match.retransmissionPayloadType)
            count += 1
        }
    }

    func belong(to source: SourceReference) -> Bool {
        source.track == track && source.generation == generation
    }

    /// The payload type of the first RTX that there is.
    var retransmission: UInt8? {
        for index in 0..<count { if let type = routes[index].retransmission { return type } }
        return nil
    }

    func route(of payloadType: UInt8) -> Route? {
        for index in 0..<count where routes[index].arriving == payloadType { return routes[index] }
        return nil
    }
}
