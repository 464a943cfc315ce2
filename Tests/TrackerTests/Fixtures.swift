// Folders, trades of other robots, and the tracker's core on a real database.

import Foundation
import Messaging
import Persistence

@testable import Contracts
@testable import performance_tracker

/// A folder that goes away with its owner.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "tracker-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/trading.db" }

    func open(busyTimeout: Duration = StoreOptions.defaultBusyTimeout) throws -> any Store {
        try openStore(database, options: StoreOptions(busyTimeout: busyTimeout, programVersion: "0.1.0"))
    }
}

/// xorshift: the same numbers for the same seed, everywhere.
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Number `seq` of strategy `s` of source `bot`: 100 at 10, fee 1.
func outside(_ seq: UInt64, _ side: Side = .buy, strategy: String = "s") -> OutsideTrade {
    OutsideTrade(
        source: "bot", tradeID: "t\(seq)", strategyID: strategy, strategySeq: seq, seq: 0, symbol: "IBM",
        side: side, quantity: Quantity(whole: 100), price: Price(whole: 10),
        timestamp: Timestamp(seconds: 1_766_658_600 + Int64(seq)), fee: Money(whole: 1))
}

/// The next of a row of random trades that never cross zero; `position` in whole shares goes along.
func randomTrade(
    _ seq: UInt64, _ position: inout Int64, _ random: inout SeededNumbers, strategy: String = "s"
) -> OutsideTrade {
    let closes = position != 0 && Bool.random(using: &random)
    let isBuy = closes ? position < 0 : position == 0 ? Bool.random(using: &random) : position > 0
    var trade = outside(seq, isBuy ? .buy : .sell, strategy: strategy)
    let size = Int64.random(in: 1...(closes ? abs(position) : 500), using: &random)
    trade.quantity = Quantity(whole: size)
    trade.price = Price(units: Int64.random(in: 5_00000000...15_00000000, using: &random))
    position += isBuy ? size : -size
    return trade
}

/// The message that says no more than it must.
func json(_ trade: OutsideTrade, source: String = "bot") -> [UInt8] {
    Array(
        """
        {"type":"trade","version":1,"source":"\(source)","trade_id":"\(trade.tradeID)",\
        "strategy_id":"\(trade.strategyID)","strategy_seq":\(trade.strategySeq),"symbol":"\(trade.symbol)",\
        "side":"\(trade.side.wireName)","quantity":\(trade.quantity),"price":\(trade.price),\
        "timestamp":\(trade.timestamp),"fee":\(trade.fee)}
        """.utf8)
}

/// A core on a database, and a robot that talks to it without a socket.
final class Desk {
    let store: any Store
    let core: TrackerCore

    init(_ folder: Folder, busyTimeout: Duration = StoreOptions.defaultBusyTimeout) throws {
        store = try folder.open(busyTimeout: busyTimeout)
        core = try TrackerCore(
            store: store, simulators: ["simulator"], sources: ["bot", "second"],
            clock: { Timestamp(seconds: 1_766_700_000) })
    }

    /// Hands messages in; nothing is booked yet.
    func send(_ messages: [[UInt8]]) {
        let peer = IngestPeer(identity: [1, 2], hasDelimiter: false)
        for message in messages {
            core.arrived(IngestMessage(peer: peer, topic: Array("trade/s/IBM/".utf8), json: message))
        }
    }

    /// Books what was handed in, and what follows; the answers as `word id reason`.
    @discardableResult
    func book() throws -> [String] {
        try core.bookIngest()
        while try core.bookFollowers() {}
        return core.takeAnswers().map { answer in
            [answer.word.rawValue, answer.tradeID ?? "-", answer.refusal?.reason.rawValue]
                .compactMap { $0 }.joined(separator: " ")
        }
    }

    func send(_ messages: [UInt8]...) throws -> [String] {
        send(messages)
        return try book()
    }

    /// The early trades' patience is over.
    func loseOverdue() {
        _ = core.desk.releaseOverdue(now: .now() + .seconds(3_600))
    }

    func ledger() throws -> [String] {
        var lines: [String] = []
        try store.forEachLedgerLine { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    func letters() throws -> [DeadLetterRecord] { try store.deadLetters(after: 0, limit: 1_000_000) }

    func change(_ action: DeadLetterChange.Action, _ content: [UInt8]? = nil) -> DeadLetterChange {
        DeadLetterChange(
            at: Timestamp(seconds: 1_766_700_001), by: "ann", action: action, why: "test", content: content)
    }
}
