import Impairment
import Testing

@Suite struct LinkChangeTests {
    @Test func `a change without a direction is about both`() throws {
        #expect(try LinkChange("rate 128kbit").directions == [.up, .down])
        #expect(try LinkChange("up rate 128kbit").directions == [.up])
        #expect(try LinkChange("  down   loss 5% ").directions == [.down])
    }

    @Test func `each word changes one setting and no other`() throws {
        let cases: [(String, LinkSettings)] = [
            ("rate 128kbit", LinkSettings(bitsPerSecond: 128_000)),
            ("delay 150ms", LinkSettings(delay: .milliseconds(150))),
            ("jitter 20ms", LinkSettings(jitter: .milliseconds(20))),
            ("loss 5%", LinkSettings(loss: .random(0.05))),
            ("reorder 1%", LinkSettings(reorder: 0.01)),
            ("duplicate 1%", LinkSettings(duplicate: 0.01)),
            ("queue 50ms", LinkSettings(queueLimit: .time(.milliseconds(50)))),
        ]
        for (line, expected) in cases {
            var settings = LinkSettings()
            try LinkChange(line).apply(to: &settings, of: .up)
            #expect(settings == expected, "\(line)")
        }
    }

    @Test func `the other direction stays as it is`() throws {
        var settings = LinkSettings()
        try LinkChange("up rate 128kbit").apply(to: &settings, of: .down)
        #expect(settings == LinkSettings())
    }

    @Test func `a rate can be taken away`() throws {
        var settings = LinkSettings(bitsPerSecond: 1000)
        try LinkChange("rate unlimited").apply(to: &settings, of: .up)
        #expect(settings.bitsPerSecond == nil)
    }

    @Test func `losses keep their share when they come in runs and their runs when the share changes`() throws
    {
        var settings = LinkSettings()
        for (line, loss) in [
            ("loss 2%", LossModel.random(0.02)), ("burst 5", .burst(averageLoss: 0.02, averageLength: 5)),
            ("loss 8%", .burst(averageLoss: 0.08, averageLength: 5)), ("burst off", .random(0.08)),
            ("loss 0%", .none),
        ] {
            try LinkChange(line).apply(to: &settings, of: .up)
            #expect(settings.loss == loss, "\(line)")
        }
    }

    @Test func `a payload type is blocked and let through again`() throws {
        var settings = LinkSettings()
        try LinkChange("down block 97").apply(to: &settings, of: .down)
        #expect(settings.blockedPayloadType == 97)
        try LinkChange("block off").apply(to: &settings, of: .down)
        #expect(settings == LinkSettings())
    }

    @Test func `what is to be dropped is told for its direction, and changes no setting`() throws {
        let change = try LinkChange("down drop 3")
        #expect(change.drops(of: .down) == 3)
        #expect(change.drops(of: .up) == nil)
        #expect(try LinkChange("loss 5%").drops(of: .down) == nil)
        var settings = LinkSettings(blockedPayloadType: 100)
        try LinkChange("drop 5").apply(to: &settings, of: .up)
        #expect(settings == LinkSettings(blockedPayloadType: 100))
    }

    @Test(arguments: [
        "drop -1", "drop", "drop 3%", "drop 100001", "block 95", "block 128", "block rtx",
    ])
    func `what can be neither blocked nor dropped is refused`(_ line: String) {
        #expect(throws: ArgumentFailure.self) { try LinkChange(line) }
    }

    @Test(arguments: [
        "", "up", "rate", "speed 1kbit", "rate 1kbit now", "sideways rate 1kbit", "rate fast", "burst 0",
    ])
    func `what is no change is refused`(_ line: String) {
        #expect(throws: ArgumentFailure.self) { try LinkChange(line) }
    }
}
