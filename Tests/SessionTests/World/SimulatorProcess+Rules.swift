// What a broken rule changes between the simulator and the shipped code.

import Contracts
import StrategyHost
import TradingCore

extension SimulatorProcess {
    /// The record as a restart sees it; nil when the broken rule forgets it.
    func asRestored(_ record: [UInt8]) -> [UInt8]? {
        guard world.isBroken(.fenceForgotten) else { return record }
        let text = String(decoding: record, as: UTF8.self)
        if text.hasPrefix("{\"type\":\"fence\"") { return nil }
        guard let range = text.firstRange(of: "\"fence\":") else { return record }
        let rest = text[range.upperBound...].drop { $0.isNumber }
        return Array((text[..<range.upperBound] + "0" + rest).utf8)
    }

    /// What a broken rule takes for progress at an attach.
    func placeTakenAsProgress(_ session: SimulatedStrategy, _ request: AttachRequest) -> Progress? {
        if world.isBroken(.silentStart) { return Progress() }
        if world.isBroken(.attachMoves) {
            return world.placeAtAttach[AttachName(session.id, request.fence, request.attachID)]
        }
        guard world.isBroken(.journalAsProgress), isRestarted else { return nil }
        return world.lastCommandPlace(session.id)
    }

    func withoutRules(_ message: OrderEntryMessage) -> OrderEntryMessage {
        func fence(_ id: String, _ fence: UInt64) -> UInt64 {
            guard world.isBroken(.noFence) else { return fence }
            return max(fence, core.sessions.first { $0.id == id }?.served.fence ?? 0)
        }
        switch message {
        case .attach(var request):
            request.fence = fence(request.terms.strategyID, request.fence)
            if world.isBroken(.noFence) {
                request.owner = core.sessions.first { $0.id == request.terms.strategyID }?.owner ?? ""
            }
            return .attach(request)
        case .command(let id, let sent, let command):
            return .command(strategy: id, fence: fence(id, sent), command)
        case .progress(let id, let sent, let event, let report, let command):
            let last = world.isBroken(.progressWithHoles) ? 0 : command
            if let place = placeOfHalt(id, event) {
                return .progress(
                    strategy: id, fence: fence(id, sent), event: place.event, report: place.report,
                    command: place.command)
            }
            return .progress(
                strategy: id, fence: fence(id, sent), event: event, report: report, command: last)
        default: return message
        }
    }

    /// What a broken rule makes of progress while a halt is wanted.
    private func placeOfHalt(_ id: String, _ event: UInt64) -> Progress? {
        guard world.isBroken(.haltAnytime) || world.isBroken(.haltBehindStrategy),
            let session = core.sessions.first(where: { $0.id == id }), session.served.wantsHalt
        else { return nil }
        let driver = session.served.driver
        let here = Progress(event: driver.handed, report: driver.lastReport, command: driver.lastCommand)
        if world.isBroken(.haltAnytime) { return here }
        return event > driver.handed ? here : nil
    }
}
