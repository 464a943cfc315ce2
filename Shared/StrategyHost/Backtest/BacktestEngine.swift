// The loop of DESIGN 7 in one process: the same sessions and the same strategies as the services, without
// sockets. What a step makes is handled by the strategy before the next step.
//
// Costs: an event on which nothing happens is one `SessionDriver.step` and one call of the strategy; memory
// does not grow with the length of the data (executions go to a sink).

import Contracts
import TradingCore

/// One strategy of a backtest with its session.
package final class BacktestSession {
    /// The strategy as it begins.
    package let strategy: HostedStrategy
    package let symbols: SymbolSet
    package var driver: SessionDriver { state.pointee.driver }
    /// Told every report as the strategy is about to handle it.
    package var onReport: ((Report) -> Void)?
    /// Told every command as the session takes it.
    package var onCommand: ((Command) -> Void)?
    /// Told every mark of the account, in order with the executions.
    package var onMark: ((EquityMark) -> Void)?

    let state: UnsafeMutablePointer<State>
    private let hasInputs: Bool
    /// What is left between the two sides of a session that goes on from snapshots; nil once they are in
    /// step.
    var between: JournalledBetween?

    /// What every event reads and writes. Behind a pointer, because the checks of exclusive access to
    /// properties of an object cost a third of an event; nothing but this object has the pointer, and it is
    /// confined to one thread at a time.
    struct State {
        var driver: SessionDriver
        /// Who acts, where inputs from outside are run again.
        var versions: StrategyVersions?
        var reports: [Report] = []
        var commands: [Command] = []
    }

    /// - Parameter recorded: what came from outside when the session was recorded.
    package convenience init(
        strategy: HostedStrategy, settings: SessionSettings, symbols: [SymbolIndex],
        recorded: RecordedInputs = RecordedInputs()
    ) {
        self.init(
            strategy: strategy, driver: SessionDriver(settings: settings, symbols: symbols), symbols: symbols,
            recorded: recorded)
    }

    /// A session that goes on from where it and its strategy stand, which must be the same place.
    ///
    /// - Parameter recorded: what came from outside behind that place.
    package init(
        strategy: HostedStrategy, driver: SessionDriver, symbols: [SymbolIndex],
        recorded: RecordedInputs = RecordedInputs()
    ) {
        self.strategy = strategy
        hasInputs = !recorded.inputs.isEmpty
        self.symbols = SymbolSet(symbols)
        state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(to: State(driver: driver))
        for event in recorded.halts { state.pointee.driver.planHalt(after: event) }
        for command in recorded.decisions { state.pointee.driver.enqueue(command) }
        guard hasInputs else { return }
        var versions = StrategyVersions(strategy)
        versions.expect(recorded.inputs)
        for (command, version) in recorded.versions { versions.prepare(version, for: command) }
        state.pointee.versions = versions
    }

    /// The same session with another object for its strategy, which stands where that of `session` does.
    /// Callbacks are to be set again; `session` must not be used any more, and must have no recorded inputs.
    package init(continuing session: BacktestSession, with strategy: HostedStrategy) {
        session.collectCommands()
        precondition(
            strategy.lastCommand == session.strategy.lastCommand
                && strategy.lastEvent == session.strategy.lastEvent
                && strategy.lastReport == session.strategy.lastReport,
            "a session goes on with a strategy that stands where it stands")
        precondition(!session.hasInputs, "versions are not continued")
        self.strategy = strategy
        hasInputs = false
        symbols = session.symbols
        state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(to: session.state.pointee)
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Takes the next event of the stream; `sink` gets every execution in the order of `strategySeq`.
    ///
    /// - Throws: `StrategyFailure` when the strategy failed.
    @inline(__always)
    package func take(_ event: MarketEvent, _ sink: (Execution) -> Void) throws {
        guard symbols.contains(event) else { return }
        if hasInputs { return try takeWithInputs(event, sink) }
        if strategy.hasCommands { collectCommands() }
        while true {
            let step = state.pointee.driver.step(next: event, into: &state.pointee.reports)
            if !state.pointee.reports.isEmpty { try handleReports(sink) }
            if !state.pointee.driver.marks.isEmpty { passMarks() }
            switch step {
            case .tookEvent:
                try strategy.handle(event)
                return
            case .tookClock:
                strategy.advanceClock(to: event.timestamp)
                return
            case .executed, .idle: continue
            }
        }
    }

    /// Runs what is still due at the time of the last event.
    package func finish(_ sink: (Execution) -> Void) throws {
        collectCommands()
        while case .executed = state.pointee.driver.stepWithoutEvent(into: &state.pointee.reports) {
            try handleReports(sink)
            passMarks()
        }
    }

    /// Passes on the marks that lie before the execution with this number.
    func passMarks(before strategySeq: UInt64 = .max) {
        for mark in state.pointee.driver.takeMarks(before: strategySeq) { onMark?(mark) }
    }

    private func handleReports(_ sink: (Execution) -> Void) throws {
        // Nothing appends while they are handled: only a step does.
        let hasMarks = !state.pointee.driver.marks.isEmpty
        try state.pointee.reports.withUnsafeBufferPointer { reports in
            for index in reports.indices {
                onReport?(reports[index])
                for execution in reports[index].executions {
                    if hasMarks { passMarks(before: execution.strategySeq) }
                    sink(execution)
                }
            }
            // A strategy that fails at one of them leaves all of them made.
            for index in reports.indices {
                hasInputs ? try handleWithInputs(reports[index]) : try strategy.handle(reports[index])
            }
        }
        state.pointee.reports.removeAll(keepingCapacity: true)
        collectCommands()
    }

    /// Gives the session the commands that the strategy has made; done before each step.
    package func collectCommands() {
        if hasInputs {
            state.pointee.versions?.takeCommands(into: &state.pointee.commands)
        } else {
            strategy.takeCommands(into: &state.pointee.commands)
        }
        for command in state.pointee.commands {
            onCommand?(command)
            state.pointee.driver.enqueue(command)
        }
        state.pointee.commands.removeAll(keepingCapacity: true)
    }

    // MARK: with inputs from outside

    private func takeWithInputs(_ event: MarketEvent, _ sink: (Execution) -> Void) throws {
        try settle()
        collectCommands()
        while true {
            let step = state.pointee.driver.step(next: event, into: &state.pointee.reports)
            if !state.pointee.reports.isEmpty { try handleReports(sink) }
            if !state.pointee.driver.marks.isEmpty { passMarks() }
            switch step {
            case .tookEvent, .tookClock:
                state.pointee.versions?.handing(event)
                guard let acting = state.pointee.versions?.acting else { return }
                if case .tookClock = step {
                    acting.advanceClock(to: event.timestamp)
                } else {
                    try acting.handle(event)
                    try settle()
                }
                return
            case .executed, .idle: continue
            }
        }
    }

    private func handleWithInputs(_ report: Report) throws {
        state.pointee.versions?.handing(report)
        try state.pointee.versions?.acting.handle(report)
        try settle()
    }

    /// Applies the inputs that are due where the strategy stands.
    func settle() throws { _ = try state.pointee.versions?.settle() }

    /// Ends the strategy in all its versions.
    package func cleanup() {
        guard hasInputs else {
            try? strategy.cleanup()
            return
        }
        state.pointee.versions?.cleanup()
    }
}

/// What came to a session from outside when it was recorded, for running it again.
package struct RecordedInputs {
    /// The inputs of the journal, by number.
    package var inputs: [Command] = []
    /// For each of them that changes the version, the new one, made to watch.
    package var versions: [(command: Command, version: HostedStrategy)] = []
    /// The halts: the last event of the stream taken before each.
    package var halts: [UInt64] = []
    /// All commands of the journal, inputs too, where they are not to be decided again; the strategy is then
    /// one that is not called.
    package var decisions: [Command] = []

    package init() {}
}
