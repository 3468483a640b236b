import Testing
import Wire

@testable import NodeCore

/// A link that is looked at five times a second.
private struct Watch {
    var profile = LinkProfile()
    private(set) var now = Instant(nanoseconds: 5_000_000_000)

    /// Ends when the profile changes.
    ///
    /// - Returns: after how many seconds it has changed, if it has.
    @discardableResult
    mutating func run(
        _ seconds: Double, short: Bool = false, proven: Bool = false, blank: Bool = false, room: Bool = false
    ) -> Double? {
        let start = now
        for _ in 0..<Int((seconds * 5).rounded()) {
            let evidence = LinkProfile.Evidence(
                isShort: short, isProven: proven, isBlank: blank, hasRoom: room)
            if profile.judge(evidence, at: now) { return (now - start).inSeconds }
            now = now + .milliseconds(200)
        }
        return nil
    }

    mutating func weaken() {
        run(4, short: true, proven: true)
    }
}

@Suite struct LinkProfileTests {
    @Test func `a link that is short for three seconds becomes weak`() {
        var watch = Watch()
        #expect(watch.run(10, short: true, proven: true) == 3)
        #expect(watch.profile.isWeak)
        #expect(watch.profile.reason == .estimate)
    }

    @Test func `who sees nothing gets a lane after a second`() {
        var watch = Watch()
        #expect(watch.run(10, short: true, proven: true, blank: true) == 1)
    }

    @Test func `a low estimate alone proves nothing`() {
        var watch = Watch()
        #expect(watch.run(60, short: true) == nil)
    }

    @Test func `once it was proven it need not be proven again while the estimate stays low`() {
        var watch = Watch()
        watch.run(0.2, short: true, proven: true)
        #expect(watch.run(10, short: true) != nil)
    }

    @Test func `a dip is forgotten`() {
        var watch = Watch()
        for _ in 0..<20 {
            #expect(watch.run(2.8, short: true, proven: true) == nil)
            #expect(watch.run(0.2) == nil)
        }
    }

    @Test func `with room for five seconds all is served again`() {
        var watch = Watch()
        watch.weaken()
        #expect(watch.run(20) == nil)
        #expect(watch.run(4, room: true) == nil)
        #expect(watch.run(0.2) == nil)
        #expect(watch.run(10, room: true) == 5)
        #expect(!watch.profile.isWeak && watch.profile.reason == .link)
    }

    @Test func `who has to come back waits twice as long, up to a minute`() {
        var watch = Watch()
        for patience in [5.0, 10, 20, 40, 60, 60] {
            watch.weaken()
            #expect(watch.profile.isWeak)
            #expect(watch.run(100, room: true) == patience)
        }
    }

    @Test func `a return that lasted makes patience short again`() {
        var watch = Watch()
        for _ in 0..<3 {
            watch.weaken()
            watch.run(100, room: true)
        }
        watch.run(31)
        watch.weaken()
        #expect(watch.run(100, room: true) == 5)
    }

    @Test func `a wish holds whatever the link`() {
        var watch = Watch()
        watch.profile.ask(.weak)
        #expect(watch.profile.isWeak && watch.profile.reason == .asked)
        #expect(watch.run(100, room: true) == nil)
        watch.profile.ask(.full)
        #expect(!watch.profile.isWeak && watch.profile.reason == .asked)
        #expect(watch.run(100, short: true, proven: true) == nil)
    }

    @Test func `without a wish the link decides again`() {
        var watch = Watch()
        watch.profile.ask(.weak)
        watch.profile.ask(.automatic)
        #expect(!watch.profile.isWeak && watch.profile.reason == .link)
        watch.weaken()
        #expect(watch.profile.isWeak && watch.profile.reason == .estimate)
    }

    @Test func `what is granted goes before the wish and the link`() {
        var watch = Watch()
        watch.profile.grant(.weak)
        #expect(watch.profile.isWeak && watch.profile.reason == .granted)
        #expect(watch.run(100, room: true) == nil)
        watch.profile.ask(.full)
        #expect(watch.profile.isWeak && watch.profile.reason == .granted && watch.profile.wish == .full)
        watch.profile.grant(.full)
        #expect(!watch.profile.isWeak && watch.profile.reason == .granted)
        watch.profile.ask(.automatic)
        #expect(watch.run(100, short: true, proven: true) == nil)
        watch.profile.grant(.automatic)
        watch.profile.ask(.full)
        #expect(!watch.profile.isWeak && watch.profile.reason == .link)
        watch.weaken()
        #expect(watch.profile.isWeak && watch.profile.reason == .estimate)
    }

    @Test(arguments: LinkProfile.Wish.allCases)
    func `nobody is made to take more than they ask for`(grant: LinkProfile.Wish) {
        var profile = LinkProfile()
        profile.ask(.weak)
        profile.grant(grant)
        #expect(profile.isWeak && profile.reason == (grant == .weak ? .granted : .asked))
    }

    @Test func `a grant that is taken back leaves the wish, as it is by then`() {
        var profile = LinkProfile()
        profile.grant(.weak)
        profile.ask(.full)
        profile.grant(nil)
        #expect(!profile.isWeak && profile.reason == .asked && profile.grant == nil)
        profile.grant(.weak)
        profile.ask(.weak)
        profile.grant(nil)
        #expect(profile.isWeak && profile.reason == .asked)
        profile.grant(.weak)
        profile.ask(.automatic)
        profile.grant(nil)
        #expect(!profile.isWeak && profile.reason == .link)
    }

    @Test func `the same wish again changes nothing`() {
        var watch = Watch()
        watch.weaken()
        watch.profile.ask(.automatic)
        #expect(watch.profile.isWeak)
    }
}
