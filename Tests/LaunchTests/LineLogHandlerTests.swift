import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import Launch

@Suite struct LineLogHandlerTests {
    /// What a handler wrote, line by line.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func append(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private static func logger(_ format: LogFormat, _ level: Logger.Level = .info, into lines: Lines)
        -> Logger
    {
        Logger(label: "relay") { label in
            LineLogHandler(
                label: label, format: format, level: level,
                now: { Date(timeIntervalSince1970: 1_700_000_000.25) },
                write: { lines.append($0) })
        }
    }

    @Test func `a JSON line has time, level, message, logger and the metadata in order`() {
        let lines = Lines()
        var logger = Self.logger(.json, into: lines)
        logger[metadataKey: "session"] = "s1"
        logger.warning("gone", metadata: ["room": "a", "counts": ["x", "y"], "more": ["b": "2", "a": "1"]])
        #expect(
            lines.all == [
                #"{"time":"2023-11-14T22:13:20.250Z","level":"warning","message":"gone","logger":"relay","#
                    + #""counts":["x","y"],"more":{"a":"1","b":"2"},"room":"a","session":"s1"}"# + "\n"
            ])
    }

    @Test func `a text line is for people`() {
        let lines = Lines()
        Self.logger(.text, into: lines).info(
            "session opened", metadata: ["room": "a", "why": "b c", "none": ""])
        #expect(
            lines.all == [
                "2023-11-14T22:13:20.250Z INFO     session opened none=\"\" room=a why=\"b c\"\n"
            ])
    }

    @Test func `line breaks, quotes and control characters stay inside their string`() {
        let lines = Lines()
        let text: Logger.Message = "a\n\"b\"\\\t\r\u{1}\u{1B}[2J\u{85}é"
        Self.logger(.json, into: lines).info(text)
        Self.logger(.text, into: lines).info(text)
        let quoted = #""a\n\"b\"\\\t\r\u0001\u001b[2J\u0085é""#
        #expect(
            lines.all == [
                #"{"time":"2023-11-14T22:13:20.250Z","level":"info","message":\#(quoted),"logger":"relay"}"#
                    + "\n",
                "2023-11-14T22:13:20.250Z INFO     \(quoted)\n",
            ])
    }

    @Test func `metadata cannot take the place of what every line has`() {
        let lines = Lines()
        Self.logger(.json, into: lines).info("m", metadata: ["level": "x"])
        #expect(lines.all.first?.hasSuffix(#""logger":"relay","_level":"x"}"# + "\n") == true)
    }

    @Test func `lines below the level are not written`() {
        let lines = Lines()
        let logger = Self.logger(.json, .notice, into: lines)
        logger.info("not this")
        logger.notice("this")
        #expect(lines.all.count == 1)
    }
}
