// The database of a simulated world against the real one: the same batches give the same ledger.

import Contracts
import Foundation
import Persistence
import Testing

@Suite struct MemoryStoreTests {
    @Test("Batches with repeated and contradicting trades come out as in SQLite")
    func asSQLite() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "memory-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var outcomes: Set<BookingOutcome> = []
        for seed in 1...UInt64(6) {
            var random = SplitMix64(seed: seed)
            let path = folder.appending(path: "\(seed).db").path
            let (real, memory) = (try openStore(path), MemoryStore())
            defer { try? real.close() }
            for batch in try batches(of: World(seed: seed), &random) {
                let row = performance(batch, &random)
                let follow = BookingFollowUp(performance: row.map { [$0] } ?? [])
                let expected = try real.book(batch) { _ in follow }
                let found = try memory.book(batch) { _ in follow }
                #expect(found.outcomes == expected.outcomes, "seed \(seed)")
                outcomes.formUnion(found.outcomes)
                #expect(try memory.checkpoint(source: "simulator") == real.checkpoint(source: "simulator"))
            }
            for kind in StrategyKind.allCases {
                let (found, expected) = (memory.ledger(kind.id), try trades(kind.id, real))
                #expect(found == expected, "seed \(seed)")
                #expect(try marks(kind.id, memory) == marks(kind.id, real))
                #expect(try memory.days(strategy: kind.id) == real.days(strategy: kind.id))
                #expect(try memory.metrics(strategy: kind.id) == real.metrics(strategy: kind.id))
            }
        }
        #expect(outcomes == [.booked, .duplicate, .conflict])
    }

    /// What a world's simulator journals, cut into batches, with trades that come again and others that
    /// contradict.
    private func batches(of world: World, _ random: inout SplitMix64) throws -> [TradeBatch] {
        #expect(world.run() == [])
        var batches: [TradeBatch] = []
        var known: [SourcedTrade] = []
        var batch = TradeBatch(checkpoint: checkpoint(0), trades: [])
        for record in world.journal.published(1...UInt64(world.journal.records.count)) {
            let json = record.bytes
            if record.topic.starts(with: Array("trade/".utf8)) {
                let trade = try json.withUnsafeBytes { try TradeEvent.decode($0).trade }
                batch.trades.append(SourcedTrade(seq: record.seq, event: trade))
                known.append(batch.trades[batch.trades.count - 1])
            } else if record.topic.starts(with: Array("equity/".utf8)) {
                batch.marks.append(try json.withUnsafeBytes { try EquityEvent.decode($0).equity })
            }
            if let again = known.randomElement(&random), random.chance(0.05) {
                var trade = again
                if random.chance(0.5) { trade.event.fee = Money(whole: 77) }
                if random.chance(0.3) { trade.event.tradeID += "x" }
                batch.trades.append(trade)
            }
            guard random.chance(0.2) else { continue }
            batch.checkpoint = checkpoint(random.chance(0.1) ? record.seq / 2 : record.seq)
            batches.append(batch)
            batch = TradeBatch(checkpoint: checkpoint(0), trades: [])
        }
        return batches
    }

    private func checkpoint(_ seq: UInt64) -> Checkpoint {
        Checkpoint(source: "simulator", epoch: MemoryJournal.epoch, seq: seq)
    }

    /// Bytes that the store does not look into.
    private func performance(_ batch: TradeBatch, _ random: inout SplitMix64) -> PerformanceRow? {
        guard let trade = batch.trades.last?.event else { return nil }
        var row = PerformanceRow(
            strategyID: trade.strategyID, trades: UInt64(random.below(1_000)), timestamp: trade.timestamp,
            realizedPnl: .zero, fees: trade.fee, totalReturn: 0.5, winRate: nil, maximumDrawdown: 0.25,
            state: [UInt8(random.below(256))])
        row.changedDays = [
            PerformanceDay(
                symbol: random.pick(["", "A"]), day: Int32(random.below(3)), equity: .zero,
                figures: [UInt8(random.below(256))])
        ]
        return row
    }

    private func trades(_ strategy: String, _ store: any Store) throws -> [TradeEvent] {
        var trades: [TradeEvent] = []
        try store.forEachTrade(strategy: strategy) { trades.append($0) }
        return trades
    }

    private func marks(_ strategy: String, _ store: any Store) throws -> [EquityEvent] {
        var marks: [EquityEvent] = []
        try store.forEachMark(strategy: strategy) { marks.append($0) }
        return marks
    }
}

extension Array {
    fileprivate func randomElement(_ random: inout SplitMix64) -> Element? {
        isEmpty ? nil : self[random.below(count)]
    }
}
