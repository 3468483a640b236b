import Testing

@testable import Wire

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::", "::"),
        ("fe80::1:2", "fe80::1:2"), ("::ffff:192.0.2.1", "192.0.2.1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ])
    func `an address is written in its shortest form`(text: String, canonical: String) {
        #expect(SocketAddress(host: text, port: 1)?.host == canonical)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1..2.3", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9",
        "g::", "+1::",
        "1.2.3.+4",
    ])
    func `text that is no address is refused`(text: String) {
        #expect(SocketAddress(host: text, port: 1) == nil)
    }

    @Test func `a port is part of the text`() {
        #expect(SocketAddress("192.0.2.1:80")?.description == "192.0.2.1:80")
        #expect(SocketAddress("[2001:db8::1]:80")?.description == "[2001:db8::1]:80")
        #expect(SocketAddress("2001:db8::1:80") == nil)
        #expect(SocketAddress("192.0.2.1:65536") == nil)
        #expect(SocketAddress("[192.0.2.1:1") == nil)
    }

    @Test(arguments: [
        ("10.1.2.3", true), ("172.31.0.1", true), ("172.32.0.1", false), ("192.168.1.1", true),
        ("8.8.8.8", false),
        ("100.64.0.1", true), ("169.254.1.1", true), ("fd00::2", true), ("fe80::1", true),
        ("2001:db8::1", false),
    ])
    func `private ranges are known`(text: String, isPrivate: Bool) {
        #expect(SocketAddress(host: text, port: 1)?.isPrivate == isPrivate)
    }

    @Test func `the same remote at another of our addresses is another path`() {
        let remote = SocketAddress(ipv4: 0xC000_0201, port: 80)
        var path = remote
        path.localLow = 1
        #expect(!remote.hasLocal)
        #expect(path.hasLocal)
        #expect(path != remote)
        #expect(path.host == remote.host)
    }

    @Test func `loopback and unspecified addresses are known`() {
        #expect(SocketAddress(host: "127.3.0.1", port: 1)?.isLoopback == true)
        #expect(SocketAddress(host: "::1", port: 1)?.isLoopback == true)
        #expect(SocketAddress(host: "128.0.0.1", port: 1)?.isLoopback == false)
        #expect(SocketAddress(host: "0.0.0.0", port: 1)?.isUnspecified == true)
        #expect(SocketAddress(host: "::", port: 1)?.isUnspecified == true)
    }
}
