import NodeCore

/// The events of one worker's conferences: what is remembered for readers that come back, and the readers.
///
/// It belongs to the worker that makes the events, so that a snapshot and what follows it have nothing between them.
struct ConferenceFeed {
    private struct Reader {
        let number: Int
        /// nil: an observer of the room, who is not told what concerns one participant alone.
        let session: SessionID?
        let continuation: AsyncStream<ConferenceEvent>.Continuation
    }

    private struct RoomFeed {
        var notices: [ConferenceNotice] = []
        var readers: [Reader] = []
        /// Events up to this number are forgotten.
        var forgotten: UInt64 = 0
    }

    /// What a room remembers: some minutes of an ordinary conference.
    private static let memory = 512
    /// Events that wait for one reader; a reader that is slower than that is let go and comes back for a snapshot.
    private static let backlog = 256

    private var rooms: [RoomID: RoomFeed] = [:]
    private var readerCount = 0

    /// Adds a reader and returns its stream.
    ///
    /// - Parameters:
    ///   - last: the number of the last event that the reader has seen.
    ///   - snapshot: what it gets where that is not known any more.
    ///   - more: what it is told after the snapshot, as no event of the past is.
    mutating func read(
        _ room: RoomID, of session: SessionID?, after last: UInt64?, snapshot: ConferenceSnapshot,
        then more: ConferenceEvent.Kind? = nil
    ) -> AsyncStream<ConferenceEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ConferenceEvent.self, bufferingPolicy: .bufferingOldest(Self.backlog + Self.memory))
        var feed = rooms[room] ?? RoomFeed(forgotten: snapshot.number)
        if let last, last >= feed.forgotten, last <= snapshot.number {
            for notice in feed.notices where notice.event.number > last && notice.concerns(session) {
                continuation.yield(notice.event)
            }
        } else {
            continuation.yield(ConferenceEvent(number: snapshot.number, kind: .snapshot(snapshot)))
            if let more { continuation.yield(ConferenceEvent(number: snapshot.number, kind: more)) }
        }
        readerCount += 1
        feed.readers.append(Reader(number: readerCount, session: session, continuation: continuation))
        rooms[room] = feed
        return stream
    }

    /// Passes an event on to its readers.
    mutating func publish(_ notice: ConferenceNotice) {
        guard var feed = rooms.removeValue(forKey: notice.room) else {
            // Nobody has ever read this room's events; a reader that comes gets a snapshot.
            return
        }
        feed.notices.append(notice)
        if feed.notices.count > Self.memory {
            feed.forgotten = feed.notices[Self.memory / 2 - 1].event.number
            feed.notices.removeFirst(Self.memory / 2)
        }
        feed.readers.removeAll { reader in
            guard notice.concerns(reader.session) else { return false }
            switch reader.continuation.yield(notice.event) {
            case .enqueued:
                break
            case .dropped:
                reader.continuation.finish()
                return true
            case .terminated:
                return true
            @unknown default:
                return true
            }
            guard case .closed = notice.event.kind, notice.session == reader.session else { return false }
            reader.continuation.finish()
            return true
        }
        rooms[notice.room] = feed
    }

    /// Forgets a room that has ended, and ends the streams of those who observe it.
    mutating func close(_ room: RoomID) {
        for reader in rooms.removeValue(forKey: room)?.readers ?? [] { reader.continuation.finish() }
    }

    /// Ends all streams.
    mutating func closeAll() {
        for room in Array(rooms.keys) { close(room) }
    }
}

extension ConferenceNotice {
    /// Whether a reader for `reader`, or for the room as a whole if nil, is told.
    fileprivate func concerns(_ reader: SessionID?) -> Bool {
        session == nil || session == reader
    }
}
