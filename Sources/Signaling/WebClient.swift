internal import HTTPTypes
internal import Hummingbird

/// The files of the web client, which are part of the binary.
struct WebClient: Sendable {
    struct File: Equatable {
        let contentType: String
        let body: ByteBuffer
        /// The entity tag without quotes.
        let etag: String

        init(_ contentType: String, _ bytes: [UInt8]) {
            self.contentType = contentType
            body = ByteBuffer(bytes: bytes)
            // FNV-1a: the tag has to tell versions apart, not to withstand anybody.
            let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
            etag = String(hash, radix: 16)
        }
    }

    private let files: [String: File]
    /// What every answer with a file says of what the page may do.
    private let security: HTTPFields

    /// The web client's folder. A new file has to be named here.
    private static let contents: [(name: String, bytes: [UInt8])] = [
        ("app.css", PackageResources.app_css),
        ("app.js", PackageResources.app_js),
        ("capture.js", PackageResources.capture_js),
        ("conference.js", PackageResources.conference_js),
        ("control.js", PackageResources.control_js),
        ("devices.js", PackageResources.devices_js),
        ("encodings.js", PackageResources.encodings_js),
        ("events.js", PackageResources.events_js),
        ("fragment.js", PackageResources.fragment_js),
        ("grant.js", PackageResources.grant_js),
        ("grid.js", PackageResources.grid_js),
        ("herald.js", PackageResources.herald_js),
        ("icon.svg", PackageResources.icon_svg),
        ("index.html", PackageResources.index_html),
        ("link.js", PackageResources.link_js),
        ("lobby.js", PackageResources.lobby_js),
        ("meet.css", PackageResources.meet_css),
        ("meet.html", PackageResources.meet_html),
        ("meet.js", PackageResources.meet_js),
        ("meter.js", PackageResources.meter_js),
        ("notices.js", PackageResources.notices_js),
        ("part-brand.html", PackageResources.part_brand_html),
        ("part-head.html", PackageResources.part_head_html),
        ("part-notice.html", PackageResources.part_notice_html),
        ("people.js", PackageResources.people_js),
        ("places.js", PackageResources.places_js),
        ("problem.js", PackageResources.problem_js),
        ("quality.js", PackageResources.quality_js),
        ("room.js", PackageResources.room_js),
        ("saving.js", PackageResources.saving_js),
        ("session.js", PackageResources.session_js),
        ("slots.js", PackageResources.slots_js),
        ("sparkline.js", PackageResources.sparkline_js),
        ("stage.js", PackageResources.stage_js),
        ("stats.js", PackageResources.stats_js),
        ("store.js", PackageResources.store_js),
        ("tile.js", PackageResources.tile_js),
        ("voices.js", PackageResources.voices_js),
        ("wake.js", PackageResources.wake_js),
        ("whep.js", PackageResources.whep_js),
        ("whip.js", PackageResources.whip_js),
        ("wire.js", PackageResources.wire_js),
    ]

    /// - Parameter other: the URL of another node to which the page may go on, besides its own.
    init(connectingTo other: String? = nil) {
        security = Self.security(connectingTo: other)
        var files: [String: File] = [:]
        let parts = Self.contents.filter { $0.name.hasPrefix(Self.partPrefix) }
        for (name, bytes) in Self.contents where !name.hasPrefix(Self.partPrefix) {
            let whole = name.hasSuffix(".html") ? Self.page(bytes, with: parts) : bytes
            files["/\(name)"] = File(Self.contentType(of: name), whole)
        }
        files["/"] = files["/index.html"]
        files["/meet"] = files["/meet.html"]
        self.files = files
    }

    /// Files that are no files of their own, but what pages have in common.
    private static let partPrefix = "part-"

    /// A page with its parts in the places of the lines that name them: `<!-- part-head.html -->`.
    private static func page(_ bytes: [UInt8], with parts: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var page: [UInt8] = []
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let text = line.drop { $0 == UInt8(ascii: " ") }
            if let part = parts.first(where: { text.elementsEqual("<!-- \($0.name) -->".utf8) }) {
                page += part.bytes
            } else {
                page += line + [UInt8(ascii: "\n")]
            }
        }
        // The last line ended, and nothing followed.
        page.removeLast()
        return page
    }

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }

    func file(at path: String) -> File? { files[path] }

    /// The response to a GET for `file`, or that it has not changed.
    func response(_ file: File, to request: Request) -> Response {
        let condition = request.headers[.ifNoneMatch].flatMap { EntityTagCondition($0) }
        let isUnchanged = condition?.includes(file.etag) ?? false
        var headers = security
        headers[.eTag] = "\"\(file.etag)\""
        headers[.cacheControl] = "no-cache"
        if isUnchanged { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = file.contentType
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: file.body))
    }

    /// The page loads nothing from elsewhere and may use camera, microphone and screen itself.
    private static func security(connectingTo other: String?) -> HTTPFields {
        let places = (["'self'"] + [other].compactMap { $0 }.map { "\($0)/" }).joined(separator: " ")
        return [
            .contentSecurityPolicy: "default-src 'self'; img-src 'self' data:;"
                + " media-src 'self' blob: mediastream:; connect-src \(places)",
            .xContentTypeOptions: "nosniff",
            .referrerPolicy: "no-referrer",
            .permissionsPolicy: "camera=(self), microphone=(self), display-capture=(self)",
        ]
    }
}
