import Testing

@testable import Signaling

@Suite struct RouteTests {
    private let client = WebClient()

    @Test(arguments: [
        ("/whip/a", Route.publish(room: "a"), "/whip/{room}"),
        ("/whep/a", .watch(room: "a", participant: nil), "/whep/{room}"),
        ("/whep/a/b", .watch(room: "a", participant: "b"), "/whep/{room}/{participant}"),
        ("/sessions/a", .session("a"), "/sessions/{id}"), ("/rooms/a", .room("a"), "/rooms/{room}"),
        ("/sessions/a/events", .sessionEvents("a"), "/sessions/{id}/events"),
        ("/sessions/a/control", .control("a"), "/sessions/{id}/control"),
        ("/sessions/a/link", .link("a"), "/sessions/{id}/link"),
        ("/rooms/a/sessions", .participate(room: "a"), "/rooms/{room}/sessions"),
        ("/rooms/a/events", .roomEvents("a"), "/rooms/{room}/events"),
        (
            "/rooms/a/participants/b/profile", .profile(room: "a", participant: "b"),
            "/rooms/{room}/participants/{participant}/profile"
        ),
        ("/offer", .echo, "/offer"), ("/healthz", .health, "/healthz"), ("/readyz", .readiness, "/readyz"),
        ("/metrics", .metrics, "/metrics"),
    ])
    func `every path has its route and its template`(path: String, route: Route, template: String) {
        let found = Route(path: path, in: client, echo: true)
        #expect(found == route)
        #expect(found?.template == template)
    }

    @Test(arguments: [
        "", "/x", "whip", "/whip//", "/Whip/a", "/whip/a/b", "/offer/", "/favicon.ico", "/sessions/a/b",
        "/sessions/a/events/", "/rooms/a/control", "/rooms//events", "/rooms/a/participants/b",
        "/rooms/a/participants//profile", "/rooms/a/people/b/profile", "/sessions/events/a",
    ])
    func `other paths have none`(path: String) {
        #expect(Route(path: path, in: client, echo: true) == nil)
    }
}
