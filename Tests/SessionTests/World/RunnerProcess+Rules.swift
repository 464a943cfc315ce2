// What a broken rule changes between a runner and the shipped code.

import Contracts
import StrategyHost

extension RunnerProcess {
    func withoutRules(_ messages: [OrderEntryMessage]) -> [OrderEntryMessage] {
        guard world.broken != nil else { return messages }
        var first: [OrderEntryMessage] = []
        var rest: [OrderEntryMessage] = []
        for message in messages {
            switch message {
            case .matched where world.isBroken(.noWait): continue
            case .ahead(let id, let event, let report, _) where world.isBroken(.promiseOutlivesCommands):
                rest.append(.ahead(strategy: id, event: event, report: report, command: .max))
            case .matched(let id, let event, _) where world.isBroken(.matchedFirst):
                first.append(.matched(strategy: id, event: event, report: 0))
            case .report(var order) where world.isBroken(.reportsOnArrival):
                let session = core.strategies.first { $0.id == order.strategyID }?.session
                order.after = session?.progress.event ?? 0
                rest.append(.report(order))
            default: rest.append(message)
            }
        }
        return first + rest
    }

    /// Where the strategies stood when they asked, for the broken rule that takes it for progress.
    func noteAttaches() {
        guard world.isBroken(.attachMoves) else { return }
        for running in core.strategies {
            guard case .asked(let id) = running.session.state else { continue }
            world.placeAtAttach[AttachName(running.id, running.session.fence, id)] = running.session.progress
        }
    }
}
