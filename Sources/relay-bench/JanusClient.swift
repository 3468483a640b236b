import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NodeIO
import SDP
import Wire

/// Janus' VideoRoom over its HTTP API: one Janus session, a handle in it for each endpoint, and one long poll that
/// brings the events of all handles and keeps the session alive.
actor JanusClient: SessionClient {
    typealias Failure = SignalingClient.Failure
    typealias Session = SignalingClient.Session

    /// Somebody who waits for an event.
    private struct Waiter {
        let continuation: CheckedContinuation<JanusMessage?, Never>
        let until: Instant
    }

    private static let timeout = TimeAmount.seconds(15)
    /// Janus answers a poll after 30 s even if nothing happens.
    private static let pollTimeout = TimeAmount.seconds(45)
    private static let patience = Duration.seconds(15)
    private static let eventsAtATime = 50
    private static let answerLimit = 1 << 20

    /// Where the API is, such as `http://127.0.0.1:8088/janus`.
    private let base: String
    private var opening: Task<Result<UInt64, Failure>, Never>?
    private var session: UInt64?
    private var handles: Set<String> = []
    /// The feeds by the participants who publish them.
    private var feeds: [String: JanusIdentifier] = [:]
    private var transactions = 0
    /// Events may overtake the acknowledgement of their request.
    private var arrived: [String: JanusMessage] = [:]
    private var waiters: [String: Waiter] = [:]
    private var poll: Task<Void, Never>?

    init(base: String) {
        self.base = base
    }

    func publish(_ offer: String, room: String, participant: String) async throws(Failure) -> Session {
        let handle = try await attach()
        let event = try await ask(.publish(offer, in: JanusIdentifier(room)), of: handle)
        guard let answer = event.jsep, let feed = event.plugindata?.data.id else {
            throw .refused(url: handle, status: 200, detail: "no answer to the offer")
        }
        feeds[participant] = feed
        return Session(location: handle, answer: answer.sdp)
    }

    /// Janus offers and we answer: what is returned as the answer to `offer` is Janus' offer, with Janus as the side
    /// that waits for the DTLS handshake, and Janus is answered with what `offer` says of our transport.
    func watch(_ offer: String, room: String, participant: String) async throws(Failure) -> Session {
        let handle = try await attach()
        guard let feed = feeds[participant] else {
            throw .refused(url: handle, status: 404, detail: "\(participant) does not publish")
        }
        let joined = try await ask(.subscribe(to: feed, in: JanusIdentifier(room)), of: handle)
        guard let offered = joined.jsep?.sdp, let answer = Self.answer(to: offered, from: offer) else {
            throw .refused(url: handle, status: 200, detail: "no usable offer")
        }
        _ = try await ask(.start(answer), of: handle)
        return Session(location: handle, answer: Self.settingUpPassively(offered))
    }

    func end(_ session: Session) async {
        guard handles.remove(session.location) != nil else { return }
        _ = try? await post(.detach, to: session.location)
        guard handles.isEmpty, let number = self.session else { return }
        self.session = nil
        opening = nil
        poll?.cancel()
        _ = try? await post(.destroy, to: "\(base)/\(number)")
    }

    // MARK: - Descriptions

    private static func settingUpPassively(_ offer: String) -> String {
        offer.split(whereSeparator: \.isNewline).map { line in
            (line.hasPrefix("a=setup:") ? "a=setup:passive" : String(line)) + "\r\n"
        }.joined()
    }

    /// The answer to `offered` of a receiver with the transport that `own` describes.
    private static func answer(to offered: String, from own: String) -> String? {
        guard let remote = try? SessionDescription(parsing: offered),
            let local = (try? SessionDescription(parsing: own))?.sections.first,
            let ufrag = local.iceUfrag, let pwd = local.icePwd, let fingerprint = local.fingerprints.first
        else { return nil }
        var sections: [OfferBuilder.Section] = []
        for section in remote.sections {
            guard let codec = section.codecs.first(where: { $0.codec == .vp8 || $0.codec == .opus }),
                let name = codec.codec
            else { return nil }
            var built = OfferBuilder.Section(
                kind: section.kind, mid: section.mid, direction: .recvonly,
                codecs: [(codec.payloadType, name, codec.retransmissionPayloadType)],
                extensions: section.extensions.compactMap { mapping in mapping.kind.map { (mapping.id, $0) } }
            )
            built.feedback = Feedback.allCases.filter { codec.feedback.contains($0) }
            sections.append(built)
        }
        return OfferBuilder(
            ufrag: ufrag, pwd: pwd, fingerprint: fingerprint, setup: .active, sections: sections
        ).text
    }

    // MARK: - Requests

    /// A new handle's address.
    private func attach() async throws(Failure) -> String {
        let opening = opening ?? Task { await self.open() }
        self.opening = opening
        let address = "\(base)/\(try await opening.value.get())"
        guard let handle = try await post(.attach, to: address).data?.id else {
            throw .noLocation(url: address)
        }
        let location = "\(address)/\(handle)"
        handles.insert(location)
        return location
    }

    /// Creates the session and begins to poll.
    private func open() async -> Result<UInt64, Failure> {
        do throws(Failure) {
            guard let number = try await post(.create, to: base).data?.id else {
                throw .noLocation(url: base)
            }
            session = number
            poll = Task { [weak self] in
                while !Task.isCancelled, await self?.takeEvents(of: number) == true {}
            }
            return .success(number)
        } catch {
            return .failure(error)
        }
    }

    /// Asks the plugin, which acknowledges at once and answers by an event.
    private func ask(_ request: JanusRequest, of handle: String) async throws(Failure) -> JanusMessage {
        transactions += 1
        let transaction = "bench-\(transactions)"
        var request = request
        request.transaction = transaction
        _ = try await send(request, to: handle)
        var event = arrived.removeValue(forKey: transaction)
        if event == nil {
            event = await withCheckedContinuation { continuation in
                waiters[transaction] = Waiter(
                    continuation: continuation, until: MonotonicClock.now() + Self.patience)
            }
        }
        guard let event else { throw .unreachable(url: handle, reason: "no event came") }
        try Self.check(event, from: handle)
        return event
    }

    private func post(_ request: JanusRequest, to url: String) async throws(Failure) -> JanusMessage {
        transactions += 1
        var request = request
        request.transaction = "bench-\(transactions)"
        return try await send(request, to: url)
    }

    private func send(_ message: JanusRequest, to url: String) async throws(Failure) -> JanusMessage {
        let messages: [JanusMessage]?
        do {
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: [UInt8](try JSONEncoder().encode(message))))
            messages = try await Self.execute(request, timeout: Self.timeout)
        } catch {
            throw .unreachable(url: url, reason: "\(error)")
        }
        guard let answer = messages?.first else {
            throw .refused(url: url, status: 200, detail: "the answer is not Janus' JSON")
        }
        try Self.check(answer, from: url)
        return answer
    }

    private static func check(_ message: JanusMessage, from url: String) throws(Failure) {
        guard let failure = message.failure else { return }
        throw .refused(url: url, status: UInt(max(failure.code, 0)), detail: failure.reason)
    }

    private static func execute(_ request: HTTPClientRequest, timeout: TimeAmount) async throws
        -> [JanusMessage]?
    {
        let response = try await HTTPClient.shared.execute(request, timeout: timeout)
        let body = try await response.body.collect(upTo: answerLimit)
        return JanusMessage.list(in: Array(body.readableBytesView))
    }

    // MARK: - Events

    /// Waits for the next events and hands them over; false when there will be no more.
    private func takeEvents(of number: UInt64) async -> Bool {
        let request = HTTPClientRequest(url: "\(base)/\(number)?maxev=\(Self.eventsAtATime)")
        let messages = try? await Self.execute(request, timeout: Self.pollTimeout)
        guard let messages, session == number else {
            let left = waiters.values
            waiters = [:]
            for waiter in left { waiter.continuation.resume(returning: nil) }
            return false
        }
        for message in messages where message.janus == "event" {
            guard let transaction = message.transaction else { continue }
            if let waiter = waiters.removeValue(forKey: transaction) {
                waiter.continuation.resume(returning: message)
            } else {
                arrived[transaction] = message
            }
        }
        let now = MonotonicClock.now()
        for (transaction, waiter) in waiters where waiter.until <= now {
            waiters[transaction] = nil
            waiter.continuation.resume(returning: nil)
        }
        return true
    }
}
