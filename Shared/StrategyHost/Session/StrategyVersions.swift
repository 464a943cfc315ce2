// Which version of a strategy acts, which ones watch, and the journalled inputs at which that changes
// (DESIGN 7, "Inputs from outside"). The same in a runner, in its rebuild and in the backtester.
//
// Guarantees: an input is applied at its number and position and nowhere else. A version that takes over has
// seen what the one before it has handled (or has its state) and nothing more. A version that failed is not
// called again: from the place that its `stop` or `revert` names nobody acts until that takes effect.
//
// Costs: nothing while `isPlain`, which is one stored flag; an event costs each version that watches what it
// costs the acting one.

import Contracts
import TradingCore

package struct StrategyVersions {
    /// Events during which the version before a `set` or `swap` is kept, to go on if the new one fails.
    package static let trialEvents = 64

    package private(set) var acting: HostedStrategy
    /// Whether there are neither inputs to come nor versions that watch.
    package private(set) var isPlain = true
    /// Journalled inputs that are not applied yet, by number.
    package private(set) var due: [Command] = []
    /// Versions for inputs that are due, by number.
    private var prepared: [(number: UInt64, watcher: Watcher)] = []
    /// The version of a wish that was not made yet.
    private var candidate: Watcher?
    private var candidateFailure: StrategyFailure?
    /// The version before the last change.
    private var reserve: Watcher?
    private var trialLeft = 0
    /// Events handed to the acting version that the others were not given, oldest first.
    private var taken: [MarketEvent] = []
    /// Commands of versions that act no more.
    private var left: [Command] = []
    /// The inputs that changed the version and were not taken back.
    private var changes: [StrategyInput] = []
    /// Why the strategy was stopped last.
    package private(set) var stopReason = ""

    package init(_ strategy: HostedStrategy) { acting = strategy }

    /// The session is run again: these inputs are to be applied, by versions that were made for them.
    package mutating func expect(_ inputs: [Command]) {
        due = inputs
        refresh()
    }

    /// What inputs before those that are due say of the versions.
    package mutating func note(_ inputs: [Command]) {
        changes = []
        for case let input? in inputs.map(\.input) { note(input) }
    }

    private mutating func note(_ input: StrategyInput) {
        if input.changesVersion { changes.append(input) }
        if input.kind == .revert { _ = changes.popLast() }
        if input.kind == .stop { stopReason = input.reason }
    }

    /// The input that made the acting version act; nil for the one that the session began with.
    package var lastChange: StrategyInput? { changes.last }

    /// The version for a due input.
    package mutating func prepare(_ strategy: HostedStrategy, for command: Command) {
        prepared.append((command.number, Self.watcher(strategy, for: command.input)))
        refresh()
    }

    /// The version for a wish; nil takes the last one away.
    package mutating func propose(_ strategy: HostedStrategy?, for input: StrategyInput?) {
        candidate = strategy.map { Self.watcher($0, for: input) }
        candidateFailure = nil
        refresh()
    }

    private static func watcher(_ strategy: HostedStrategy, for input: StrategyInput?) -> Watcher {
        let view: Watcher.View = input?.beginning == .snapshot ? .nothing : .everything
        return Watcher(strategy, view: input?.kind == .restart ? .reports : view)
    }

    /// Nobody has to act before the next input; what was decided till then is in the journal.
    package mutating func vacate() { acting = .vacant(like: acting) }

    /// Commands made since the last call, in the order of their numbers.
    package mutating func takeCommands(into buffer: inout [Command]) {
        if !left.isEmpty {
            buffer += left
            left = []
        }
        acting.takeCommands(into: &buffer)
    }

    package var hasCommands: Bool { !left.isEmpty || acting.hasCommands }

    // MARK: what happens

    /// The acting version is handed an event; it has handled it once its `lastEvent` says so.
    package mutating func handing(_ event: MarketEvent) {
        guard hasWatchers else { return }
        taken.append(event)
    }

    /// The acting version is handed a report, which it handles in any case.
    package mutating func handing(_ report: Report) {
        guard hasWatchers else { return }
        pass()
        forEachWatcher { $0.take(report) }
    }

    /// Lets the others see what the acting version has handled, and applies the inputs that are due here.
    ///
    /// - Returns: false when a version must answer first.
    package mutating func settle() throws -> Bool {
        try letWatch()
        while let command = due.first, let input = command.input, acting.lastCommand >= command.number - 1 {
            if input.cutsOff, !acting.isVacant, stands(atOrBehind: input) {
                fail(after: command.number - 1)
            }
            guard acting.lastCommand == command.number - 1, command.afterEvent == acting.lastEvent,
                command.afterReport == acting.lastReport
            else {
                break
            }
            guard try apply(input, number: command.number) else { return false }
            due.removeFirst()
            refresh()
        }
        return longestLag < Watcher.maximumLag
    }

    private func stands(atOrBehind input: StrategyInput) -> Bool {
        acting.lastEvent != input.sinceEvent
            ? acting.lastEvent > input.sinceEvent : acting.lastReport >= input.sinceReport
    }

    /// The acting version failed after this command: what it asked later does not count, and nobody acts.
    package mutating func fail(after command: UInt64) {
        takeLeft(through: command)
        acting.dropHeld()
        pass()
        taken.removeAll()
        becomeVacant(command)
        refresh()
    }

    private mutating func becomeVacant(_ command: UInt64) {
        let vacant = HostedStrategy.vacant(like: acting)
        vacant.takeOver(from: acting, command: command)
        acting = vacant
    }

    /// Makes an input where the acting version stands. Nil when a version must answer first.
    ///
    /// - Throws: `StrategyFailure` with stage `restore` when the new version does not take the old one's
    ///   state; nothing was made then.
    package mutating func make(_ input: StrategyInput) throws -> Command? {
        try letWatch()
        let number = acting.lastCommand + 1
        if input.changesVersion {
            guard let candidate else {
                throw candidateFailure
                    ?? StrategyFailure(
                        stage: .create, sentence: "the new version of \(acting.id) is not made")
            }
            prepared.append((number, candidate))
        }
        do {
            guard try apply(input, number: number) else {
                prepared.removeAll { $0.number == number }
                return nil
            }
        } catch {
            prepared.removeAll { $0.number == number }
            throw error
        }
        if input.changesVersion { (candidate, candidateFailure) = (nil, nil) }
        note(input)
        refresh()
        return left.last
    }

    /// The last event up to which events may be handed ahead of being handled: an input is due there.
    package var boundary: UInt64 {
        guard let command = due.first, let input = command.input else { return .max }
        return input.cutsOff ? min(input.sinceEvent, command.afterEvent) : command.afterEvent
    }

    /// Whether the version before the last change is still there to go on.
    package var hasReserve: Bool { reserve != nil }

    /// Time for versions that have not answered.
    package mutating func look(milliseconds: Int) {
        acting.process?.look(milliseconds: milliseconds)
        forEachWatcher { $0.strategy.process?.look(milliseconds: milliseconds) }
    }

    /// Ends every version.
    package mutating func cleanup() {
        try? acting.cleanup()
        forEachWatcher { try? $0.strategy.cleanup() }
    }

    // MARK: inside

    private mutating func apply(_ input: StrategyInput, number: UInt64) throws -> Bool {
        switch input.kind {
        case .pause, .resume:
            acting.make(input)
            takeLeft(through: number)
        case .stop:
            acting.make(input)
            takeLeft(through: number)
            becomeVacant(number)
            reserve = nil
        case .revert:
            guard let reserve else {
                throw StrategyFailure(
                    stage: .restore, sentence: "strategy \(acting.id) has no version before the last one")
            }
            guard reserve.isIdle else { return false }
            change(to: reserve.strategy, input, number)
            self.reserve = nil
        case .set, .swap, .restart:
            guard let place = prepared.firstIndex(where: { $0.number == number }) else { return false }
            let next = prepared[place].watcher
            guard next.isIdle else { return false }
            if input.beginning == .snapshot { try hand(acting, to: next.strategy) }
            prepared.remove(at: place)
            let before = acting
            change(to: next.strategy, input, number)
            before.isWatching = true
            reserve = input.kind == .restart || before.isVacant ? nil : Watcher(before)
            trialLeft = Self.trialEvents
        }
        return true
    }

    private mutating func change(to next: HostedStrategy, _ input: StrategyInput, _ number: UInt64) {
        acting.make(input)
        takeLeft(through: number)
        next.takeOver(from: acting, command: number)
        acting = next
    }

    private func hand(_ old: HostedStrategy, to new: HostedStrategy) throws {
        guard let snapshot = old.instanceSnapshot(), new.begin(with: snapshot, of: old) else {
            throw StrategyFailure(
                stage: .restore,
                sentence: "the new version of strategy \(old.id) does not take the state of the old one")
        }
    }

    private mutating func takeLeft(through command: UInt64) {
        acting.takeCommands(into: &left)
        left.removeAll { $0.number > command }
    }

    private mutating func letWatch() throws {
        guard hasWatchers else { return }
        pass()
        for index in prepared.indices { try prepared[index].watcher.pump() }
        do { try candidate?.pump() } catch { (candidate, candidateFailure) = (nil, error) }
        do { try reserve?.pump() } catch { reserve = nil }
    }

    /// Gives what the acting version has handled to those that watch.
    private mutating func pass() {
        var count = 0
        for event in taken {
            guard event.kind == .clock || event.seq <= acting.lastEvent else { break }
            count += 1
            forEachWatcher { $0.take(event) }
            if reserve != nil, event.kind != .clock { trialLeft -= 1 }
        }
        taken.removeFirst(count)
        if reserve != nil, trialLeft <= 0, due.first?.input?.kind != .revert, !acting.isVacant {
            reserve = nil
            refresh()
        }
    }

    private mutating func forEachWatcher(_ body: (inout Watcher) -> Void) {
        for index in prepared.indices { body(&prepared[index].watcher) }
        if candidate != nil { body(&candidate!) }
        if reserve != nil { body(&reserve!) }
    }

    private var longestLag: Int {
        max(prepared.map(\.watcher.lag).max() ?? 0, candidate?.lag ?? 0, reserve?.lag ?? 0)
    }

    private var hasWatchers: Bool { !prepared.isEmpty || candidate != nil || reserve != nil }

    private mutating func refresh() {
        isPlain = due.isEmpty && !hasWatchers
        if !hasWatchers { taken.removeAll() }
    }
}
