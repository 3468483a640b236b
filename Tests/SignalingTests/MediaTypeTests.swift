import Testing

@testable import Signaling

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ([], true), (["*/*"], true), (["application/sdp"], true), (["Application/*"], true), (["*"], true),
        (["text/html, application/sdp;q=0.1"], true), (["text/html", "application/*;q=0.5"], true),
        (["text/html"], false), (["application/sdp;q=0"], false), (["application/sdp; Q=0.000, */*"], false),
        (["application/*;q=0, application/sdp"], true), (["*/*;q=0"], false), (["application/json"], false),
        (["app/*"], false),
    ])
    func `the most specific range of Accept decides`(accept: [String], isAcceptable: Bool) {
        #expect(MediaType.isAcceptable("application/sdp", to: accept) == isAcceptable)
    }
}
