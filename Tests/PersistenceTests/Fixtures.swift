// Databases of their own, removed with the fixture, and trades to book.

import Contracts
import Foundation
import Testing

@testable import Persistence

/// The databases that a test runs on.
enum Backend: String, CaseIterable {
    case sqlite, postgresql

    /// The one of the test that is running.
    @TaskLocal static var current = Backend.sqlite

    /// SQLite, and PostgreSQL when the test script has started a server.
    static var available: [Backend] { Server.url == nil ? [.sqlite] : allCases }
}

/// Runs each test of a suite once on every database that is there.
struct OnEveryStore: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        for backend in Backend.available {
            try await Backend.$current.withValue(backend) { try await function() }
        }
    }
}

extension Trait where Self == OnEveryStore {
    static var onEveryStore: Self { Self() }
}

/// A folder, and a schema on the server, that go away with their owner.
final class Folder {
    let path: String
    let backend = Backend.current
    private let schema: Schema?

    init(in parent: String? = nil) throws {
        path = (parent ?? FileManager.default.temporaryDirectory.path) + "/store-\(UUID().uuidString)"
        schema = backend == .postgresql ? try Schema() : nil
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/trading.db" }

    /// What `openStore` is given.
    var location: String { schema?.url ?? database }

    func open(_ options: StoreOptions = StoreOptions()) throws -> DatabaseStore {
        try #require(try openStore(location, options: options) as? DatabaseStore)
    }
}

/// Trade number `seq` of a strategy, each with amounts of its own.
func trade(
    _ strategy: String, _ seq: UInt64, symbol: String = "IBM", price: Int64 = 181_82000000
) -> TradeEvent {
    let units = Int64(seq)
    return TradeEvent(
        Execution(
            strategySeq: seq, order: seq, fill: 1, effect: seq % 2 == 1 ? .open : .close,
            side: seq % 2 == 1 ? .buy : .sell, liquidity: seq % 3 == 0 ? .maker : .taker, symbol: .none,
            quantity: Quantity(whole: 100), price: Price(units: price),
            referencePrice: Price(units: price - 2_000_000),
            slippage: Price(units: 2_000_000), fee: Money(whole: 1),
            timestamp: Timestamp(microseconds: 1_381_239_000_123_000 + units),
            position: Quantity(whole: seq % 2 == 1 ? 100 : 0),
            averagePrice: Price(units: seq % 2 == 1 ? price : 0),
            realizedPnl: Money(units: seq % 2 == 1 ? 0 : units * 1_000_000 + 7),
            cash: Money(units: 81_817_00000000 - units)), strategy: strategy, symbol: symbol)
}

/// A batch of the simulator: trades numbered from `first`, the checkpoint at the last.
func batch(_ first: UInt64, _ trades: [TradeEvent], letters: [DeadLetter] = []) -> TradeBatch {
    let numbered = trades.enumerated().map { SourcedTrade(seq: first + UInt64($0.offset), event: $0.element) }
    return TradeBatch(
        checkpoint: Checkpoint(source: "simulator", epoch: "k3v9q2", seq: numbered.last?.seq ?? first),
        trades: numbered, deadLetters: letters)
}

func letter(_ text: String, seq: UInt64 = 0, topic: String = "trade/a/IBM/") -> DeadLetter {
    DeadLetter(
        reason: .malformedJSON, sentence: "no value at byte 3", stage: .decode, offset: 3,
        source: "simulator", seq: seq, topic: topic, original: Array(text.utf8),
        seen: Timestamp(seconds: 1_766_658_600), programVersion: "0.1.0")
}

func performance(_ strategy: String, trades: UInt64) -> PerformanceRow {
    PerformanceRow(
        strategyID: strategy, trades: trades, timestamp: Timestamp(seconds: 1), realizedPnl: Money(whole: 3),
        fees: Money(whole: 2), totalReturn: 0.25, winRate: nil, maximumDrawdown: 0.1, state: [0, 1, 255])
}

extension DatabaseStore {
    func execute(_ script: String) throws { try access { try $0.execute(script) } }

    func integer(_ sql: String) throws -> Int64 { try access { try $0.uncachedInteger(sql) } }

    func ledger(_ strategy: String? = nil) throws -> [String] {
        var lines: [String] = []
        try forEachLedgerLine(strategy: strategy) { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }
}

/// What `body` threw, if it was a `StoreError`.
func storeError(_ body: () throws -> Void) -> StoreError? {
    do { try body() } catch { return error as? StoreError }
    return nil
}

struct Injected: Error {}

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
