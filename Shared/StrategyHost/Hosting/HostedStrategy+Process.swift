// A strategy in a process of its own: what `HostedStrategy` does by calls is done here by questions, whose
// answers may come later. Ledger and numbers are those of a strategy in this process: an event is handled
// when it was answered, timers due are answered before it, and commands carry the position of the event that
// they answer.
//
// Several events go in one message while nothing can come between them: no order open, no timer due. The
// plugin stops at the first on which it acts; what is behind that is held and sent again.

import Contracts

/// An event as the process is told it; empty when it is not for the strategy.
struct HeldEvent {
    var seq: UInt64
    /// Session time at the event.
    var now: Int64
    /// The symbol's; nil when the strategy is not handed it.
    var slot: Int?
    var json: [UInt8]
    /// Session time before it was taken.
    var before: Int64 = 0
}

extension HostedStrategy {
    /// Whether a question is open: the strategy stands between two events.
    package var isPending: Bool { process?.question != nil }

    /// The next event that was taken and not handled.
    package var heldEvent: UInt64? { held.first?.seq }

    /// Whether `handle` may be given another event before those held are handled.
    package var takesMore: Bool {
        guard let process else { return true }
        if wantsState, !held.isEmpty { return false }
        return held.isEmpty
            || (!isBusy && held.count < process.batchSize.next && state.pointee.nextDue == .max)
    }

    /// Takes an event; whoever called `handle` sends it with `sendHeld`.
    func hold(
        _ event: MarketEvent, slot: Int, time: Int64, before: Int64
    ) throws(StrategyFailure) {
        let isDelivered = slot >= 0 && view.take(event, slot: slot, intervals: barIntervals)
        var item = HeldEvent(
            seq: event.seq, now: time, slot: isDelivered ? slot : nil, json: [], before: before)
        var cold: [UInt32] = isWatching ? symbols.indices.map(UInt32.init) : []
        if state.pointee.isCold {
            warmingAhead.take(item)
            if !isWatching {
                cold = symbols.indices.filter { !warmingAhead.isWarm($0, at: time, event: event.seq) }
                    .map(UInt32.init)
            }
        }
        if isDelivered || event.kind == .instrument && slot >= 0 {
            heldWriter.reset()
            if isDelivered {
                heldWriter.event(view.data[slot], symbol: symbolNames[slot], now: time) {
                    $0.warmingUp(cold, names: view.names)
                }
            } else {
                let (price, size) = view.increments[slot]
                heldWriter.instrument(seq: event.seq, symbol: symbolNames[slot], price: price, size: size)
            }
            item.json = heldWriter.array
        }
        held.append(item)
        try finishWhenWaiting()
    }

    /// Forgets what was taken and not handled, but for what is being handled, which counts as handled: the
    /// strategy has failed.
    func dropHeld() {
        guard let first = held.first else { return }
        state.pointee.time = first.seq <= lastEvent ? first.now : first.before
        held.removeAll()
        asked = 0
    }

    /// Asks about the events held, as far as they may be handed over now; call when no question is open and
    /// the session allows the first of them.
    package func sendHeld() throws(StrategyFailure) {
        guard let process, let head = held.first else { return }
        precondition(process.question == nil, "one question is open at a time")
        state.pointee.lastEvent = head.seq
        state.pointee.now = head.now
        if state.pointee.isCold { warming.begin(at: head.now) }
        if state.pointee.nextDue <= head.now, let timer = timers.takeDue(at: head.now) {
            state.pointee.nextDue = timers.nextDue
            process.sendTimer(
                timer.number, due: timer.due, seq: head.seq, now: head.now, cold: coldSlots, names: view.names
            )
            return
        }
        var count = 1
        if !isBusy {
            while count < min(held.count, process.batchSize.next), held[count].now < state.pointee.nextDue {
                count += 1
            }
        }
        guard held[..<count].contains(where: { !$0.json.isEmpty }) else { return settle(count) }
        asked = count
        process.sendEvents(held[..<count])
    }

    /// Takes what the process has answered and goes on with it. Does nothing while there is no answer.
    package func proceed() throws(StrategyFailure) {
        guard let process else { return }
        if failure != nil { try refuse() }
        while true {
            if let sentence = process.failure {
                noteFailure(sentence)
                try check(1, stage(of: process.question))
            }
            guard let (question, handled) = process.takeAnswer() else { return askForState() }
            switch question {
            case .events(let count): settleEvents(handled, of: count, process.actions)
            case .snapshot: took(process.snapshotState)
            case .hello, .initialize, .restore, .report, .timer, .cleanup: break
            }
            for action in process.actions { perform(action) }
            // A timer's event goes on at once: nothing may come between them.
            if question == .timer { try sendHeld() }
        }
    }

    private func settleEvents(_ handled: Int, of count: Int, _ actions: [PluginAction]) {
        guard handled < count || !actions.isEmpty else { return settle(asked) }
        var left = handled
        var place = 0
        while left > 0 {
            if !held[place].json.isEmpty { left -= 1 }
            place += 1
        }
        settle(place)
    }

    /// So many of the events held are handled.
    private func settle(_ count: Int) {
        if state.pointee.isCold {
            for item in held[..<count] { warming.take(item) }
            state.pointee.isCold = !warming.isDone(at: held[count - 1].now, event: held[count - 1].seq)
        }
        let last = held[count - 1]
        state.pointee.lastEvent = last.seq
        state.pointee.now = last.now
        held.removeFirst(count)
        asked = 0
    }

    func ask(_ report: Report) throws(StrategyFailure) {
        process?.sendReport(report, cold: coldSlots, names: view.names) { symbol in
            String(cString: view.names[view.slot(of: symbol)])
        }
        try finishWhenWaiting()
    }

    /// Slots whose orders are not taken now.
    var coldSlots: [UInt32] {
        guard state.pointee.isCold || isWatching else { return [] }
        return symbols.indices.map(UInt32.init).filter { !isWarm(slot: $0) }
    }

    /// Where calls wait: until the process has answered everything.
    func finishWhenWaiting() throws(StrategyFailure) {
        guard let process, process.waits else { return }
        while true {
            try proceed()
            if isPending {
                process.wait()
            } else if held.isEmpty {
                return
            } else {
                try sendHeld()
            }
        }
    }

    /// Asks for an orderly end and gives it a second; the process is ended afterwards in any case.
    func cleanupProcess() throws(StrategyFailure) {
        guard let process, process.failure == nil, !isPending else { return }
        process.sendCleanup()
        while isPending, process.waited < 1_000_000 {
            process.wait()
            try proceed()
        }
    }

    private func perform(_ action: PluginAction) {
        let result: Int64
        switch action {
        case .submit(let slot, let side, let type, let timeInForce, let quantity, let price, let stopPrice):
            result = submit(
                slot: slot, side: side, type: type, timeInForce: timeInForce, quantity: quantity,
                price: price,
                stopPrice: stopPrice)
        case .replace(let order, let quantity, let price, let stopPrice):
            result = replace(order: order, quantity: quantity, price: price, stopPrice: stopPrice)
        case .cancel(let order): result = cancel(order: order)
        case .timer(let delay): result = setTimer(delay: delay)
        }
        // What has no number was not sent, as in the C interface.
        if result < 0, !isWatching { log(level: 2, "not done: \(action)") }
    }

    private func stage(of question: ProcessInstance.Question?) -> StrategyFailure.Stage {
        switch question {
        case .hello: .create
        case .initialize: .initialize
        case .restore: .restore
        case .report: .order
        case .timer: .timer
        case .cleanup: .cleanup
        case .events, .snapshot, nil: .marketData
        }
    }
}

extension Warming {
    /// Counts an event as a call of `on_market_data` would.
    fileprivate mutating func take(_ item: HeldEvent) {
        begin(at: item.now)
        if let slot = item.slot { count(slot) }
    }
}
