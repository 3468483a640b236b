import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import Signaling

@Suite struct WebClientTests {
    @Test(arguments: [
        ("/", "text/html; charset=utf-8"), ("/index.html", "text/html; charset=utf-8"),
        ("/app.css", "text/css; charset=utf-8"), ("/app.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"), ("/meet", "text/html; charset=utf-8"),
        ("/meet.html", "text/html; charset=utf-8"), ("/meet.css", "text/css; charset=utf-8"),
        ("/meet.js", "text/javascript; charset=utf-8"),
    ])
    func `every file has its content type and the security fields`(path: String, type: String) async throws {
        let response = try await Exchange().send(.get, path)
        #expect(response.status == .ok)
        #expect(response["Content-Type"] == type)
        #expect(response.body.readableBytes > 0)
        #expect(response["Cache-Control"] == "no-cache")
        #expect(response["X-Content-Type-Options"] == "nosniff")
        #expect(response["Referrer-Policy"] == "no-referrer")
        #expect(response["Permissions-Policy"] == "camera=(self), microphone=(self), display-capture=(self)")
        #expect(
            response["Content-Security-Policy"]
                == "default-src 'self'; img-src 'self' data:; media-src 'self' blob: mediastream:; connect-src 'self'"
        )
    }

    @Test func `the page may connect to the relay that it is to move to, and to no other`() async throws {
        let response = try await Exchange(moveTo: "https://b.example:8443").send(.get, "/meet")
        #expect(
            response["Content-Security-Policy"]?.hasSuffix("; connect-src 'self' https://b.example:8443/")
                == true)
    }

    @Test func `a file that the browser has already is answered with 304 and no body`() async throws {
        let first = try await Exchange().send(.get, "/app.js")
        let etag = try #require(first["ETag"])
        for condition in [etag, "W/\(etag)", "\"other\", \(etag)", "*"] {
            let second = try await Exchange().send(.get, "/app.js", [.ifNoneMatch: condition])
            #expect(second.status == .notModified)
            #expect(second.text.isEmpty)
            #expect(second["ETag"] == etag)
        }
        #expect(try await Exchange().send(.get, "/app.js", [.ifNoneMatch: "\"other\""]).status == .ok)
    }

    @Test func `every file that another one names is there`() async throws {
        var found: Set<String> = []
        var waiting = ["/index.html"]
        while let path = waiting.popLast() {
            guard found.insert(path).inserted else { continue }
            let response = try await Exchange().send(.get, path)
            #expect(response.status == .ok, "\(path)")
            for reference in response.text.matches(
                of: /(?:from |import\(|src=|href=)["'](?:\.\/)?([a-z-]+(?:\.[a-z]+)?)["'#?]/)
            {
                waiting.append("/\(reference.output.1)")
            }
        }
        #expect(found.isSuperset(of: ["/index.html", "/app.css", "/app.js", "/icon.svg"]))
        #expect(found.isSuperset(of: ["/meet", "/meet.css", "/meet.js", "/conference.js", "/session.js"]))
    }

    @Test(arguments: ["/", "/meet"])
    func `a page is whole, with what all pages have in common`(path: String) async throws {
        let page = try await Exchange().send(.get, path).text
        #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
        #expect(!page.contains("<!-- part-"))
        for common in [
            "<meta charset=\"utf-8\">", "href=\"app.css\"", "class=\"brand\"", "<template id=\"notice\">",
        ] {
            #expect(page.split(separator: common).count == 2, "\(common)")
        }
        #expect(try await Exchange().send(.get, "/part-head.html").status == .notFound)
    }

    @Test func `files of different content have different entity tags`() {
        let first = WebClient.File("text/plain", [1, 2])
        let second = WebClient.File("text/plain", [2, 1])
        #expect(first.etag == "82f2407b4e8902a")
        #expect(second.etag != first.etag)
    }
}
