// A session and its strategy whose snapshots were taken at different places, brought to one place: the one
// that is behind goes through what the other has done already, and what it makes of it is compared, not
// made again.
//
// The strategy behind: it is handed the events and the journalled reports that it lacks, each where it
// belongs. The session behind: it is given the journalled commands and steps through the events; reports
// that the strategy has handled are not handed to it again. From the same place on both go in step, as
// ever. Inputs from outside lie behind that place: neither snapshot is taken once one was made.

import Contracts
import TradingCore

/// A command that comes out other than the journal has it.
package struct CommandDiffers: Error, CustomStringConvertible {
    package let description: String
}

/// What the journal holds of a session between the two snapshots.
package struct JournalledBetween: Sendable {
    /// Reports from the one after the strategy's last, as far as the session had made them.
    package var reports: [Report]
    /// Digests of commands by number, for those made again.
    package var commands: NumberedValues
    /// Commands that the strategy has made and the session lacks, in order.
    package var missing: [Command]

    package init(reports: [Report] = [], commands: NumberedValues, missing: [Command] = []) {
        self.reports = reports
        self.commands = commands
        self.missing = missing
    }
}

extension BacktestSession {
    /// Gives the session what the strategy had done before its snapshot.
    package func begin(with between: JournalledBetween) {
        for command in between.missing { state.pointee.driver.enqueue(command) }
        self.between = between
    }

    /// Whether session and strategy stand at one place.
    package var isInStep: Bool { between == nil }

    /// As `take`, for an event before both stand at one place.
    package func catchUp(_ event: MarketEvent, _ sink: (Execution) -> Void) throws {
        guard symbols.contains(event) else { return }
        try handOldReports()
        if event.seq <= driver.cursor {
            // The session has taken it.
            try show(event)
            return try handOldReports()
        }
        var isTaken = false
        while !isTaken {
            try compareCommands()
            let step = state.pointee.driver.step(next: event, into: &state.pointee.reports)
            try handNewReports(sink)
            switch step {
            case .tookEvent, .tookClock: isTaken = true
            case .executed, .idle: break
            }
        }
        try show(event)
        try meet()
    }

    /// As `finish`, where the data end before both stand at one place.
    package func finishCatchingUp(_ sink: (Execution) -> Void) throws {
        try handOldReports()
        try compareCommands()
        while case .executed = state.pointee.driver.stepWithoutEvent(into: &state.pointee.reports) {
            try handNewReports(sink)
            try compareCommands()
        }
    }

    /// Both stand at one place once neither has done anything that the other has not.
    private func meet() throws {
        guard between?.reports.isEmpty ?? true, driver.handed >= strategy.lastEvent,
            driver.lastReport >= strategy.lastReport, strategy.lastCommand >= driver.lastCommand
        else { return }
        between = nil
        try settle()
    }

    /// Hands the strategy an event that it has not handled.
    private func show(_ event: MarketEvent) throws {
        if event.kind == .clock { return strategy.advanceClock(to: event.timestamp) }
        if event.seq > strategy.lastEvent { try strategy.handle(event) }
        try compareCommands()
    }

    /// Reports that the session had made and the strategy lacks, as far as they are due.
    private func handOldReports() throws {
        while let report = between?.reports.first, report.after <= strategy.lastEvent {
            between?.reports.removeFirst()
            try strategy.handle(report)
            try compareCommands()
        }
    }

    private func handNewReports(_ sink: (Execution) -> Void) throws {
        let reports = state.pointee.reports
        state.pointee.reports.removeAll(keepingCapacity: true)
        for report in reports {
            for execution in report.executions {
                passMarks(before: execution.strategySeq)
                sink(execution)
            }
        }
        passMarks()
        for report in reports where report.number > strategy.lastReport { try strategy.handle(report) }
    }

    /// Commands that the session has are compared; others are new to it.
    private func compareCommands() throws {
        strategy.takeCommands(into: &state.pointee.commands)
        defer { state.pointee.commands.removeAll(keepingCapacity: true) }
        for command in state.pointee.commands {
            if command.number > driver.lastCommand {
                state.pointee.driver.enqueue(command)
            } else if let known = between?.commands, command.number > known.base,
                known[command.number] != command.digest
            {
                throw CommandDiffers(
                    description: "command \(command.number) of \(strategy.id) after event "
                        + "\(command.afterEvent) differs from the one in the journal")
            }
        }
    }
}
