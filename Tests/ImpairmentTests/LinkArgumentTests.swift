import Impairment
import Testing

@Suite struct LinkArgumentTests {
    @Test(arguments: [
        ("400kbit", 400_000), ("1.5mbit", 1_500_000), ("2Mbit/s", 2_000_000), ("1gbit", 1_000_000_000),
        ("64000", 64_000), ("64000bit", 64_000),
    ])
    func `a bit rate is a number and a unit`(_ text: String, _ bitsPerSecond: Int) throws {
        #expect(try BitrateArgument(text).bitsPerSecond == bitsPerSecond)
    }

    @Test(arguments: [
        "", "kbit", "400 kbit", "-1kbit", "1e6", "inf", "nan", "0x10", ".5mbit", "1.mbit", "1.2.3mbit", "999",
        "101gbit", "400kb", "400kbit/s/s", "٤٠٠kbit",
    ])
    func `what is no bit rate is refused with an example`(_ text: String) {
        let failure = #expect(throws: ArgumentFailure.self) { try BitrateArgument(text) }
        #expect(
            failure?.description
                == "\"\(text)\" is not a bit rate such as 400kbit or 1.5mbit, from 1kbit to 100gbit.")
    }

    @Test(arguments: [
        ("150ms", Duration.milliseconds(150)), ("1.5s", .milliseconds(1500)), ("250us", .microseconds(250)),
        ("0", .zero), ("3600s", .seconds(3600)),
    ])
    func `a time is a number and a unit`(_ text: String, _ duration: Duration) throws {
        #expect(try DurationArgument(text).duration == duration)
    }

    @Test(arguments: ["", "150", "ms", "-1ms", "3601s", "1m", "1 ms"])
    func `what is no time is refused with an example`(_ text: String) {
        let failure = #expect(throws: ArgumentFailure.self) { try DurationArgument(text) }
        #expect(failure?.description == "\"\(text)\" is not a time such as 150ms or 1.5s, up to 3600s.")
    }

    @Test(arguments: [("2%", 0.02), ("0.5%", 0.005), ("0", 0), ("100%", 1)])
    func `a share is a number and a percent sign`(_ text: String, _ share: Double) throws {
        #expect(try PercentArgument(text).share == share)
    }

    @Test(arguments: ["", "2", "%", "101%", "-1%", "2 %", "2%%"])
    func `what is no share is refused with an example`(_ text: String) {
        let failure = #expect(throws: ArgumentFailure.self) { try PercentArgument(text) }
        #expect(failure?.description == "\"\(text)\" is not a share such as 2% or 0.5%, from 0% to 100%.")
    }
}
