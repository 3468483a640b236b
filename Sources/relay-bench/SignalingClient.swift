import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// WHIP and WHEP as a client speaks them.
struct SignalingClient: Sendable {
    /// What the server gave for an offer.
    struct Session: Sendable {
        let location: String
        let answer: String
    }

    enum Failure: Error, CustomStringConvertible {
        case unreachable(url: String, reason: String)
        case refused(url: String, status: UInt, detail: String)
        case noLocation(url: String)

        var description: String {
            switch self {
            case .unreachable(let url, let reason): "\(url) cannot be reached: \(reason)"
            case .refused(let url, let status, let detail): "\(url) answered \(status): \(detail)"
            case .noLocation(let url): "\(url) answered without a Location to end the session at"
            }
        }

        /// A few words that failures are counted under.
        var cause: String {
            switch self {
            case .unreachable: "unreachable"
            case .refused(_, let status, _): "HTTP \(status)"
            case .noLocation: "no Location"
            }
        }
    }

    private static let timeout = TimeAmount.seconds(15)
    private static let answerLimit = 1 << 20

    let base: String

    func publish(_ offer: String, room: String, participant: String) async throws(Failure) -> Session {
        try await post(offer, to: "\(base)/whip/\(room)?participant=\(participant)")
    }

    func watch(_ offer: String, room: String, participant: String) async throws(Failure) -> Session {
        try await post(offer, to: "\(base)/whep/\(room)/\(participant)")
    }

    func end(_ session: Session) async {
        var request = HTTPClientRequest(url: resolved(session.location))
        request.method = .DELETE
        _ = try? await HTTPClient.shared.execute(request, timeout: Self.timeout)
    }

    private func post(_ offer: String, to url: String) async throws(Failure) -> Session {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/sdp")
        request.body = .bytes(ByteBuffer(string: offer))
        let status: UInt
        let text: String
        let location: String?
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
            status = response.status.code
            location = response.headers.first(name: "Location")
            text = String(buffer: try await response.body.collect(upTo: Self.answerLimit))
        } catch {
            throw .unreachable(url: url, reason: "\(error)")
        }
        guard (200..<300).contains(status) else { throw .refused(url: url, status: status, detail: text) }
        guard let location else { throw .noLocation(url: url) }
        return Session(location: location, answer: text)
    }

    private func resolved(_ location: String) -> String {
        location.hasPrefix("/") ? base + location : location
    }
}
