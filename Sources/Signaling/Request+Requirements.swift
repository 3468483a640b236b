internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NodeCore

/// What a request must bring, and what is said when it does not.
extension Request {
    /// `field` is the one that names the right type in the answer: `Accept-Post` or `Accept-Patch`.
    func requireContent(_ type: String, or field: HTTPField.Name) throws(Problem) {
        guard !MediaType.matches(headers[.contentType], type) else { return }
        let found = headers[.contentType].map { "is \"\($0.prefix(80))\"" } ?? "is missing"
        throw Problem(
            .unsupportedMediaType, "unsupported-media-type", "Unsupported media type",
            "Content-Type \(found); it must be \(type).", headers: [field: type])
    }

    /// An answer of `type` must be possible.
    func requireAcceptable(_ type: String) throws(Problem) {
        guard !MediaType.isAcceptable(type, to: headers[values: .accept]) else { return }
        throw Problem(
            .notAcceptable, "not-acceptable", "Not acceptable",
            "The answer is \(type), which the field Accept of the request excludes.")
    }

    /// The body as text of at most `limit` bytes.
    func text(upTo limit: Int) async throws(Problem) -> String {
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw Problem(
                .contentTooLarge, "body-too-large", "Body too large",
                "The body may have at most \(limit) bytes.")
        } catch {
            throw Problem(
                .badRequest, "incomplete-body", "Incomplete body", "The body ended before its length.")
        }
        guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
            throw Problem(
                .badRequest, "invalid-encoding", "Invalid encoding", "The body must be text in UTF-8.")
        }
        return text
    }
}

extension Problem {
    /// A segment of a path or a query parameter that cannot be the name of `what`.
    static func invalidName(_ what: String, _ name: String) -> Problem {
        Problem(
            .badRequest, "invalid-name", "Invalid name",
            "\"\(name.prefix(80))\" is not a \(what) name: it must have 1 to 64 characters out of A-Z, a-z,"
                + " 0-9, \".\", \"_\" and \"-\".")
    }
}

extension RoomID {
    init(named name: String) throws(Problem) {
        guard let room = RoomID(name) else { throw .invalidName("room", name) }
        self = room
    }
}

extension ParticipantID {
    init(named name: String) throws(Problem) {
        guard let participant = ParticipantID(name) else { throw .invalidName("participant", name) }
        self = participant
    }
}

extension SessionID {
    init(named text: String) throws(Problem) {
        guard let session = SessionID(text) else { throw Problem(.unknownSession) }
        self = session
    }
}
