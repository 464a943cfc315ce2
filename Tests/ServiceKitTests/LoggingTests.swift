import Logging
import Synchronization
import Testing

@testable import ServiceKit

@Suite struct LoggingTests {
    private func lines(_ format: LogFormat, _ body: (Logger) -> Void) -> String {
        let written = TextBox()
        let handler = ServiceLogHandler(
            style: LogStyle(service: "order-simulator", instance: "sim", format: format), level: .info,
            clock: { 1_381_239_000_123_456 }, write: { written.append($0) })
        body(Logger(label: "test") { _ in handler })
        return written.text
    }

    @Test("a line for people has time, level, instance, message and sorted fields")
    func human() {
        let text = lines(.human) { $0.warning("two\nlines", metadata: ["b": "x y", "a": "1"]) }
        #expect(text == "2013-10-08T13:30:00.123Z warning  sim: two lines a=1 b=\"x y\"\n")
    }

    @Test("a line for programs is one JSON object")
    func json() {
        let text = lines(.json) { $0.info("say \"hi\"\n\u{1}", metadata: ["b": "2", "a": "1"]) }
        let start = #"{"time":"2013-10-08T13:30:00.123Z","level":"info","service":"order-simulator","#
        let rest = #""instance":"sim","message":"say \"hi\"\n\u0001","metadata":{"a":"1","b":"2"}}"#
        #expect(text == start + rest + "\n")
    }

    @Test("lines below the level are not written")
    func level() {
        #expect(lines(.human) { $0.debug("no") } == "")
    }

    @Test(
        "times are UTC dates",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
            (1_735_689_599_000_000, "2024-12-31T23:59:59.000Z"),
        ])
    func times(_ microseconds: Int64, _ text: String) {
        #expect(UTCTime.text(microseconds: microseconds) == text)
    }

    @Test("progress is written over on a terminal and silent in a pipe")
    func progress() {
        let written = TextBox()
        let start = ContinuousClock.now
        var shown = TerminalProgress(isShown: true) { written.append($0) }
        shown.show("abc", now: start)
        shown.show("skipped", now: start + .milliseconds(50))
        shown.show("d", now: start + .milliseconds(150))
        shown.finish()
        #expect(written.text == "\rabc\rd  \r \r")
        var silent = TerminalProgress(isShown: false) { _ in Issue.record("nothing is written in a pipe") }
        silent.show("x")
        silent.finish()
    }
}

/// Text that several threads append to.
final class TextBox: Sendable {
    private let content = Mutex("")
    func append(_ text: String) { content.withLock { $0 += text } }
    var text: String { content.withLock { $0 } }
}
