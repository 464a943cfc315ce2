// Dead letters as text: a line, a page, a JSON object. Bytes that are no text are shown as base64.

import Contracts
import Foundation
import Persistence
import ServiceKit

enum DeadLetterText {
    /// Characters of a message that a page shows; `export` writes all of it.
    private static let shownCharacters = 4_000

    static func line(_ record: DeadLetterRecord) -> String {
        let letter = record.letter
        let subject = letter.trade.map { " \($0.tradeID)" } ?? ""
        return "\(record.id)  \(time(letter.seen))  \(record.state.rawValue)  \(letter.reason.rawValue)"
            + "  \(letter.source)\(subject)  ×\(record.count)  \(letter.sentence)"
    }

    static func page(_ record: DeadLetterRecord, _ history: [DeadLetterChange]) -> String {
        let letter = record.letter
        var lines = [
            "Dead letter \(record.id), \(record.state.rawValue)",
            "  reason    \(letter.reason.rawValue): \(letter.sentence)",
            "            \(letter.reason.sentence)",
            "  refused   at \(letter.stage.rawValue)\(letter.offset.map { ", byte \($0)" } ?? "")",
            "  source    \(letter.source), seq \(letter.seq), topic \(letter.topic)",
            "  seen      \(time(record.firstSeen)) to \(time(letter.seen)), \(record.count) times",
            "  requeued  \(record.attempts) times; refused by version \(letter.programVersion)",
            "  sha256    \(hex(record.sha256))",
        ]
        if let trade = letter.trade {
            lines.insert(
                "  trade     \(trade.tradeID), number \(trade.strategySeq) of \(trade.strategyID)", at: 4)
        }
        lines += ["", "Original (\(letter.original.count) bytes):", text(letter.original)]
        if let edited = record.edited { lines += ["", "Edited:", text(edited)] }
        if !history.isEmpty { lines += ["", "History:"] }
        for change in history {
            let why = change.why.isEmpty ? "" : ": \(change.why)"
            lines.append("  \(time(change.at))  \(change.action.rawValue) by \(change.by)\(why)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All there is to know, with the bytes themselves.
    static func json(_ record: DeadLetterRecord, history: [DeadLetterChange]? = nil) -> String {
        let letter = record.letter
        var members: [JSONValue.Member] = [
            .init("id", .number("\(record.id)")), .init("state", .string(record.state.rawValue)),
            .init("reason", .string(letter.reason.rawValue)), .init("sentence", .string(letter.sentence)),
            .init("stage", .string(letter.stage.rawValue)),
            .init("offset", letter.offset.map { .number("\($0)") } ?? .null),
            .init("source", .string(letter.source)), .init("seq", .number("\(letter.seq)")),
            .init("topic", .string(letter.topic)),
            .init("trade_id", letter.trade.map { .string($0.tradeID) } ?? .null),
            .init("strategy_id", letter.trade.map { .string($0.strategyID) } ?? .null),
            .init("strategy_seq", letter.trade.map { .number("\($0.strategySeq)") } ?? .null),
            .init("first_seen", .number("\(record.firstSeen)")),
            .init("last_seen", .number("\(letter.seen)")),
            .init("count", .number("\(record.count)")), .init("attempts", .number("\(record.attempts)")),
            .init("program_version", .string(letter.programVersion)),
            .init("sha256", .string(hex(record.sha256))), .init("bytes", .number("\(letter.original.count)")),
            .init("message", String(validating: letter.original, as: UTF8.self).map { .string($0) } ?? .null),
            .init("base64", .string(Data(letter.original).base64EncodedString())),
            .init("edited", record.edited.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null),
        ]
        if let history { members.append(.init("history", .array(history.map(json)))) }
        return JSONValue.object(members).text
    }

    private static func json(_ change: DeadLetterChange) -> JSONValue {
        .object([
            .init("at", .number("\(change.at)")), .init("by", .string(change.by)),
            .init("action", .string(change.action.rawValue)), .init("why", .string(change.why)),
            .init("content", change.content.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null),
        ])
    }

    /// Why a text is no trade event of the simulator nor of another robot; nil when it is one.
    static func problem(with text: [UInt8]) -> String? {
        do {
            _ = try text.withUnsafeBytes { bytes in try OutsideTrade.decode(bytes) }
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func time(_ moment: Timestamp) -> String {
        UTCTime.text(microseconds: moment.microseconds)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func text(_ bytes: [UInt8]) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return "(base64) " + String(Data(bytes).base64EncodedString().prefix(shownCharacters))
        }
        return String(text.prefix(shownCharacters))
    }
}
