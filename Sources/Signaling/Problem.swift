internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird

/// A refused request, told as `application/problem+json` (RFC 9457).
struct Problem: Error {
    let status: HTTPResponse.Status
    /// The last segment of the problem type `/problems/{slug}`, a name that stays the same over versions.
    let slug: String
    let title: String
    /// A sentence: what was wrong, where, and what would be right.
    let detail: String
    /// The line of the SDP that is to blame, from 1.
    let line: Int?
    /// The place in the request's JSON that is to blame (RFC 6901), empty for all of it.
    let pointer: String?
    /// Fields that the status asks for, such as `Allow`.
    var headers: HTTPFields

    init(
        _ status: HTTPResponse.Status, _ slug: String, _ title: String, _ detail: String, line: Int? = nil,
        pointer: String? = nil, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.line = line
        self.pointer = pointer
        self.headers = headers
    }

    /// The response to the request for `path`.
    func response(instance path: String) -> Response {
        let document = Document(
            type: "/problems/\(slug)", title: title, status: status.code, detail: detail, instance: path,
            line: line, pointer: pointer)
        var response = Response(json: document, status: status)
        response.headers[.contentType] = MediaType.problem
        response.headers[.cacheControl] = "no-store"
        for field in headers { response.headers.append(field) }
        return response
    }

    private struct Document: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
        let instance: String
        let line: Int?
        let pointer: String?
    }
}

extension Response {
    /// A JSON document with its keys in a fixed order.
    init(json document: some Encodable, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: MediaType.json],
            body: .init(byteBuffer: ByteBuffer(bytes: Data.json(document))))
    }
}
