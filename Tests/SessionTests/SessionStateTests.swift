// A session and its strategy that are stored at any event and read back by another process go on as if
// nothing had happened: the same commands, reports, trades and marks, and the same state at the end.

import Contracts
import Testing

@testable import StrategyHost
@testable import TradingCore

/// One session in one loop, which may be cut at an event: stored, and gone on with from the bytes.
private struct CutRun {
    let plan: WorldPlan
    let kind: StrategyKind
    var record = SessionRecord()
    /// The stored session at the end.
    var end: [UInt8] = []

    init(
        _ kind: StrategyKind, seed: UInt64, cutAt cut: Int?,
        spoiling: (inout SessionDriver) -> Void = { _ in }
    )
        throws
    {
        var random = SplitMix64(seed: seed)
        plan = WorldPlan(&random)
        self.kind = kind
        try run(cutAt: cut, &random, spoiling)
    }

    private mutating func run(
        cutAt cut: Int?, _ random: inout SplitMix64, _ spoil: (inout SessionDriver) -> Void
    ) throws {
        var symbols = plan.symbols
        let own = kind.symbols.map { symbols.index(of: $0)! }
        let strategy = try makeStrategy(own, restored: nil)
        var session = BacktestSession(strategy: strategy, settings: plan.settings, symbols: own)
        var notes = Notes()
        notes.follow(session, kind.id, symbols)
        for (index, event) in plan.events.enumerated() {
            try session.take(event.of(plan.symbols, in: symbols)) { notes.trades.append($0) }
            session.collectCommands()
            guard index == cut else { continue }
            let state = try stored(session)
            symbols = SymbolTable()
            for name in random.shuffled(plan.symbols.names) { _ = try symbols.intern(name) }
            record.take(notes, kind.id, symbols: plan.symbols)
            session = try restored(state, symbols, spoil)
            notes = Notes()
            notes.follow(session, kind.id, symbols)
        }
        try session.finish { notes.trades.append($0) }
        record.take(notes, kind.id, symbols: symbols)
        end = try stored(session).session
    }

    private func makeStrategy(_ own: [SymbolIndex], restored: [UInt8]?) throws -> HostedStrategy {
        try HostedStrategy(
            id: kind.id, instance: kind.makeInstance(plan.habits), symbols: own, names: kind.symbols,
            parameters: ParameterValues(), cash: plan.settings.cash,
            from: try restored.map { try HostedSnapshot(bytes: $0, symbols: own) })
    }

    private func stored(_ session: BacktestSession) throws -> (session: [UInt8], strategy: [UInt8]) {
        var state = StateWriter()
        session.driver.write(into: &state)
        return (state.bytes, try session.strategy.stored())
    }

    private func restored(
        _ state: (session: [UInt8], strategy: [UInt8]), _ symbols: SymbolTable,
        _ spoil: (inout SessionDriver) -> Void
    ) throws -> BacktestSession {
        let own = kind.symbols.map { symbols.index(of: $0)! }
        var reader = StateReader(state.session)
        var driver = try SessionDriver(settings: plan.settings, symbols: own, from: &reader)
        #expect(reader.isAtEnd)
        spoil(&driver)
        return BacktestSession(
            strategy: try makeStrategy(own, restored: state.strategy), driver: driver, symbols: own)
    }
}

/// What a session says, with the symbol numbers of its process.
private final class Notes {
    var trades: [Execution] = []
    var reports: [Report] = []
    var commands: [Command] = []
    var marks: [EquityEvent] = []

    func follow(_ session: BacktestSession, _ id: String, _ symbols: SymbolTable) {
        session.onReport = { [unowned self] in self.reports.append($0) }
        session.onCommand = { [unowned self] in self.commands.append($0) }
        session.onMark = { [unowned self] mark in
            self.marks.append(mark.event(strategy: id) { symbols.name(of: $0) })
        }
    }
}

extension SessionRecord {
    /// Takes notes over, with symbol numbers that mean the same in every process.
    fileprivate mutating func take(_ notes: Notes, _ id: String, symbols: SymbolTable) {
        let place = { (symbol: SymbolIndex) in
            SymbolIndex(Int32(Array(symbols.name(of: symbol).utf8)[0]))
        }
        trades += notes.trades.map { TradeEvent($0, strategy: id, symbol: symbols.name(of: $0.symbol)) }
        marks += notes.marks
        for var report in notes.reports {
            report.symbol = place(report.symbol)
            for index in report.executions.indices { report.executions[index].symbol = report.symbol }
            reports.append(report)
        }
        for var command in notes.commands {
            command.symbol = place(command.symbol)
            commands.append(command)
        }
    }
}

extension MarketEvent {
    fileprivate func of(_ table: SymbolTable, in other: SymbolTable) -> MarketEvent {
        var event = self
        if symbol != .none { event.symbol = other.index(of: table.name(of: symbol))! }
        return event
    }
}

extension HostedStrategy {
    /// Its snapshot as bytes.
    func stored() throws -> [UInt8] {
        try #require(takesSnapshots)
        try wantState()
        guard case .taken(let snapshot)? = takeState() else {
            throw StrategyFailure(stage: .restore, sentence: "there is no snapshot")
        }
        return snapshot.bytes
    }
}

@Suite struct SessionStateTests {
    @Test(arguments: StrategyKind.allCases)
    func aSessionGoesOnFromItsStateAsIfNothingHadHappened(kind: StrategyKind) throws {
        var trades = 0
        for seed in 1...40 as ClosedRange<UInt64> {
            let whole = try CutRun(kind, seed: seed, cutAt: nil)
            trades += whole.record.trades.count
            var random = SplitMix64(seed: seed &* 7_919)
            for _ in 0..<3 {
                let cut = random.below(whole.plan.events.count)
                let parts = try CutRun(kind, seed: seed, cutAt: cut)
                #expect(parts.record == whole.record, "seed \(seed), cut at \(cut)")
                #expect(parts.end == whole.end, "seed \(seed), cut at \(cut): the state at the end")
            }
        }
        #expect(trades > 100)
    }

    @Test(arguments: ["order", "account", "execution number"])
    func aStateThatLeavesSomethingOutIsNoticed(what: String) throws {
        let isNoticed = try (1...40).contains { (seed: UInt64) in
            let whole = try CutRun(.sensitive, seed: seed, cutAt: nil)
            let cut = whole.plan.events.count / 2
            let parts = try CutRun(.sensitive, seed: seed, cutAt: cut) { driver in
                switch what {
                case "order":
                    guard let order = driver.book.orders.popLast() else { return }
                    driver.book.markets[order.slot].workingOrders -= 1
                case "account": driver.book.account = Account(cash: whole.plan.settings.cash, symbols: 3)
                default: driver.book.lastExecution += 1
                }
            }
            return parts.record != whole.record
        }
        #expect(isNoticed)
    }

    @Test func aDamagedFrameIsRefused() throws {
        let frame = SnapshotFrame.wrap(Array(0..<100))
        #expect(try SnapshotFrame.unwrap(frame) == Array(0..<100))
        for place in frame.indices {
            var bytes = frame
            bytes[place] ^= 1 << UInt8(place % 8)
            #expect(throws: SnapshotFrame.Refusal.self) { try SnapshotFrame.unwrap(bytes) }
            #expect(throws: SnapshotFrame.Refusal.self) { try SnapshotFrame.unwrap(Array(frame[..<place])) }
        }
    }

    @Test func aStateThatWasCutOffIsAnErrorAndNoTrap() throws {
        let run = try CutRun(.quoter, seed: 3, cutAt: nil)
        for count in run.end.indices {
            var reader = StateReader(Array(run.end[..<count]))
            let own = [SymbolIndex(0), SymbolIndex(1)]
            #expect(throws: StateError.self) {
                _ = try SessionDriver(settings: run.plan.settings, symbols: own, from: &reader)
            }
        }
    }

    @Test func landmarksAreBoundedAndLeadBeforeWhatIsLookedFor() {
        var landmarks = JournalLandmarks()
        for number in 1...10_000 as ClosedRange<UInt64> {
            landmarks.add(.init(seq: number * 10, event: number, report: number * 3, command: number * 2))
        }
        #expect(landmarks.all.count <= JournalLandmarks.limit)
        #expect(landmarks.all.last?.seq == 100_000)
        for number in stride(from: 1 as UInt64, through: 30_000, by: 37) {
            // Report n is behind seq 10 · ((n − 1) / 3).
            #expect(landmarks.place(ofReport: number) <= (number - 1) / 3 * 10 + 1)
        }
    }

    @Test func numberedValuesForgetTheOldest() throws {
        var values = NumberedValues()
        for number in 1...10 as ClosedRange<UInt64> { values.append(number * 7) }
        values.forget(through: 4)
        values.forget(through: 2)
        #expect((values.base, values.last, values[5], values[10]) == (4, 10, 35, 70))
        values.append(77)
        #expect(values[11] == 77)
        values.forgetAll()
        #expect(values.isEmpty && values.last == 11)
    }
}
