// The simulator's look beyond a strategy's progress (DESIGN 7, "Looking ahead"): on a copy of the session it
// goes on as if the strategy did nothing, up to the event before the next report. So far the strategy may be
// handed events without asking for each.
//
// Guarantees: the session itself is not touched; nothing is committed beyond the progress. What is promised
// holds until the strategy makes a command that was not counted: the runner sees to that, it knows first.
//
// Costs: a copy of the session for each new command or report, and the steps taken on it. How far it looks
// follows from how far it went before: a strategy that trades with every event wastes a dozen steps each.

import Contracts

package struct LookAhead: Sendable {
    /// Events looked at beyond the session, at least and at most.
    package static let shortest: UInt64 = 16
    package static let longest: UInt64 = 4_096

    private var copy: SessionDriver?
    /// The next event of the stream that the copy has not passed.
    private var place: UInt64 = 0
    /// Where the session stood when the copy was made.
    private var begun: UInt64 = 0
    private var report: UInt64 = 0
    private var command: UInt64 = 0
    private var reach = LookAhead.shortest

    package init() {}

    /// The last event through which nothing is due if the strategy makes no further command.
    ///
    /// - Parameters:
    ///   - session: the session as far as it is committed.
    ///   - next: the next event of the stream that it has not passed.
    package mutating func through(
        _ session: SessionDriver, next: UInt64, symbols: SymbolSet, _ window: borrowing EventWindow
    ) -> UInt64 {
        if report != session.lastReport || command != session.lastCommand || place < next {
            begin(session, next)
        } else if place < next + reach / 2 {
            reach = min(reach * 2, Self.longest)
        } else {
            return place - 1
        }
        look(symbols, until: min(window.next, next + reach), window)
        return place - 1
    }

    private mutating func begin(_ session: SessionDriver, _ next: UInt64) {
        reach = min(max((next - min(begun, next)) * 2, Self.shortest), Self.longest)
        (copy, place, begun) = (session, next, next)
        (report, command) = (session.lastReport, session.lastCommand)
    }

    private mutating func look(_ symbols: SymbolSet, until end: UInt64, _ window: borrowing EventWindow) {
        // Without a copy the event at hand makes a report.
        guard var ahead = copy.take() else { return }
        var reports: [Report] = []
        while place < end {
            guard let found = window.first(of: symbols, from: place), found < end else {
                place = end
                break
            }
            place = found
            let step = ahead.step(next: window[place], into: &reports)
            if case .executed = step { return }
            guard reports.isEmpty else { return }
            if !ahead.marks.isEmpty { _ = ahead.takeMarks() }
            place += 1
        }
        copy = ahead
    }
}
