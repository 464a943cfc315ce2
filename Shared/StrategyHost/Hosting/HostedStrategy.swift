// A strategy as the platform runs it: the same object in the backtester and in the runner (DESIGN 7).
//
// Guarantees: what the strategy decides depends on the events and reports handed in, in their order, and on
// nothing else. Every command is numbered and carries the position at which it was decided. What the strategy
// sees of its orders and its account comes only from reports handled. Timers due fire before the event's
// quote is visible. There is no limit on commands here: the session rejects the 65th of one event.
//
// Costs: an event is an array look-up, a few stores and one call of the instance; it does not allocate.
// Confined to one thread at a time.

import CStrategyABI
import Contracts

package final class HostedStrategy {
    package let id: String
    package let symbols: [SymbolIndex]
    package let parameters: ParameterValues
    /// The names of the strategy's symbols, by slot.
    let symbolNames: [String]
    private let onLog: ((_ level: UInt32, _ text: String) -> Void)?

    /// The last event handled; 0 before the first.
    package var lastEvent: UInt64 { state.pointee.lastEvent }
    /// The last report handled; 0 before the first.
    package var lastReport: UInt64 { state.pointee.lastReport }
    /// The number of the last command; 0 before the first.
    package var lastCommand: UInt64 { state.pointee.lastCommand }
    /// The first failure. After it the strategy is not called again.
    package private(set) var failure: StrategyFailure?

    /// Whether `takeCommands` has something to give.
    package var hasCommands: Bool { state.pointee.hasCommands }
    /// Whether a command is unanswered or an order working, by the reports handled: then reports can come.
    package var isBusy: Bool { state.pointee.isBusy }

    let instance: any StrategyInstance
    /// The strategy's process where it has one: then it is asked, not called (`HostedStrategy+Process`).
    package let process: ProcessInstance?
    /// Events for the process that it has not answered, oldest first.
    var held: [HeldEvent] = []
    /// How many of them the open question is about.
    var asked = 0
    /// Where they are written.
    var heldWriter = JSONWriter(capacity: 512)
    /// Timers set, where somebody else keeps the time (`HostedStrategy+Inside`).
    package var setDelays: [Int64]?
    let view: AccountView
    let barIntervals: [UInt32]
    private let table: UnsafeMutablePointer<tr_host>
    let state: UnsafeMutablePointer<State>
    var commands: [Command] = []
    var open = OpenOrders()
    var timers = TimerQueue()
    var takesOrders = false
    /// Whether it only sees what another version of the strategy does: its orders are not taken and get no
    /// number, as during a warm-up (`HostedStrategy+Versions`).
    package internal(set) var isWatching: Bool
    /// What is left to see before orders are taken.
    package var warming: Warming
    /// The same, at the last event held for the process.
    var warmingAhead: Warming
    /// Slots whose orders are not taken, where somebody else counts (`HostedStrategy+Inside`).
    var toldCold: [UInt32]?
    package private(set) var noted: String?
    /// Whether the process is to be asked for a snapshot (`HostedState`).
    var wantsState = false
    var answer: StateAnswer?
    /// C copies of text parameters that were asked for.
    private var texts: [(name: String, bytes: UnsafeMutablePointer<CChar>)] = []

    /// What every event reads and writes. Behind a pointer, because the check of exclusive access to a
    /// property costs as much as all the rest of an event; the object is confined to one thread at a time.
    struct State {
        var lastEvent: UInt64 = 0
        var lastReport: UInt64 = 0
        var lastCommand: UInt64 = 0
        /// Largest market time of the session.
        var time: Int64 = 0
        /// The time of what is being handled: of the event, or of the report after it.
        var now: Int64 = 0
        /// When the next timer is due.
        var nextDue = Int64.max
        var hasCommands = false
        var isBusy = false
        var hasFailed = false
        /// Whether `warming` still counts.
        var isCold = false
    }

    /// Makes and initialises the strategy.
    ///
    /// - Parameters:
    ///   - symbols: each once, in the order that gives the strategy its slots; `names` are theirs.
    ///   - cash: what the account holds before the first execution.
    ///   - warmUp: what the strategy sees before its orders are taken.
    ///   - ordersFrom: the first event whose orders are taken.
    ///   - watches: whether it begins as a version that only watches.
    ///   - notesTimers: whether `takeTimers` is used.
    ///   - snapshot: where it goes on, in the place of `initialize`.
    ///   - onLog: gets what the strategy logs; level as in the C interface, 0 debug … 3 error.
    /// - Throws: the failure of its `create`, `initialize` or `restore`.
    package init(
        id: String, instance: any StrategyInstance, symbols: [SymbolIndex], names: [String],
        parameters: ParameterValues, cash: Money, warmUp: WarmUp = .none, ordersFrom: UInt64 = 0,
        watches: Bool = false, notesTimers: Bool = false, from snapshot: HostedSnapshot? = nil,
        onLog: ((_ level: UInt32, _ text: String) -> Void)? = nil
    ) throws(StrategyFailure) {
        precondition(symbols.count == names.count, "every symbol has a name")
        self.id = id
        self.instance = instance
        isWatching = watches
        self.symbols = symbols
        symbolNames = names
        self.parameters = parameters
        self.onLog = onLog
        process = instance as? ProcessInstance
        if notesTimers { setDelays = [] }
        barIntervals = instance.barIntervals
        view = AccountView(symbols: symbols, names: names, cash: cash)
        warming = Warming(warmUp, slots: symbols.count, ordersFrom: ordersFrom)
        warmingAhead = warming
        state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(to: State())
        state.pointee.isCold = warmUp != .none || ordersFrom > 0
        table = UnsafeMutablePointer<tr_host>.allocate(capacity: 1)
        table.initialize(to: tr_host())
        table.pointee = makeHostTable(for: self)
        if let snapshot {
            stand(on: snapshot.host)
            process?.begin(from: snapshot.state)
        }
        try check(instance.create(in: self), .create)
        if let snapshot, process == nil { try check(instance.restore(snapshot.state), .restore) }
        takesOrders = true
        if snapshot == nil { try check(instance.initialize(), .initialize) }
        try finishWhenWaiting()
    }

    deinit {
        instance.destroy()
        table.deallocate()
        state.deallocate()
        for text in texts { text.bytes.deallocate() }
    }

    /// The functions that the strategy calls; valid as long as this object.
    package var hostTable: UnsafePointer<tr_host> { UnsafePointer(table) }

    /// Hands over the commands made since the last call, in the order of their numbers, behind what `buffer`
    /// holds.
    package func takeCommands(into buffer: inout [Command]) {
        guard state.pointee.hasCommands else { return }
        buffer.append(contentsOf: commands)
        commands.removeAll(keepingCapacity: true)
        state.pointee.hasCommands = false
    }

    /// Ends the strategy: `cleanup`, once. Orders are refused in it.
    package func cleanup() throws(StrategyFailure) {
        takesOrders = false
        if process != nil { return try cleanupProcess() }
        try check(instance.cleanup(), .cleanup)
    }

    // MARK: what happens

    /// The next event of the session: of one of its symbols, or `end`. Others are not for this strategy and
    /// do nothing. A clock event only moves the time.
    package func handle(_ event: MarketEvent) throws(StrategyFailure) {
        let slot = view.slot(of: event.symbol)
        guard slot >= 0 || event.kind == .end else {
            if event.kind == .clock { advanceClock(to: event.timestamp) }
            return
        }
        let state = state
        if state.pointee.hasFailed { try refuse() }
        let before = state.pointee.time
        let time = max(before, event.timestamp.microseconds)
        state.pointee.time = time
        if process != nil { return try hold(event, slot: slot, time: time, before: before) }
        state.pointee.now = time
        state.pointee.lastEvent = event.seq
        if state.pointee.isCold { warming.begin(at: time) }
        if state.pointee.nextDue <= time { try fireTimers(at: time) }
        guard slot >= 0, view.take(event, slot: slot, intervals: barIntervals) else { return }
        if state.pointee.isCold {
            warming.count(slot)
            state.pointee.isCold = !warming.isDone(at: time, event: event.seq)
        }
        let status = instance.onMarketData(view.data + slot)
        if status != 0 { try check(status, .marketData) }
    }

    /// Time has reached `timestamp` without an event. The strategy does not see it.
    package func advanceClock(to timestamp: Timestamp) {
        state.pointee.time = max(state.pointee.time, timestamp.microseconds)
    }

    /// The next report, after the event that it names.
    package func handle(_ report: Report) throws(StrategyFailure) {
        precondition(report.number == lastReport + 1, "reports are handled in the order of their numbers")
        precondition(report.after == lastEvent, "a report is handled right after the event that it names")
        if state.pointee.hasFailed { try refuse() }
        state.pointee.lastReport = report.number
        state.pointee.now = report.timestamp.microseconds
        let slot = view.slot(of: report.symbol)
        let change = open.apply(report, slot: slot)
        if change != 0 { view.changeOpenOrders(slot, by: change) }
        state.pointee.isBusy = !open.isEmpty
        // What came from outside is not the strategy's to know.
        guard !report.isOnInput else { return }
        for execution in report.executions { view.apply(execution) }
        if process != nil { return try ask(report) }
        for execution in report.executions {
            var trade = tr_trade(execution, slot: view.slot(of: execution.symbol))
            try check(instance.onTrade(&trade), .trade)
        }
        let status = withUpdate(report, slot: slot) { instance.onOrder($0) }
        try check(status, .order)
    }

    private func fireTimers(at time: Int64) throws(StrategyFailure) {
        while let timer = timers.takeDue(at: time) {
            try check(instance.onTimer(timer.number, due: timer.due), .timer)
        }
        state.pointee.nextDue = timers.nextDue
    }

    func callMarketData(_ slot: Int) -> Int32 { instance.onMarketData(view.data + slot) }
    func callTimer(_ timer: TimerQueue.Timer) -> Int32 { instance.onTimer(timer.number, due: timer.due) }

    func refuse() throws(StrategyFailure) {
        if let failure { throw failure }
    }

    func check(_ status: Int32, _ stage: StrategyFailure.Stage) throws(StrategyFailure) {
        guard status != 0 else { return }
        let why = noted ?? "it gave no reason (status \(status))"
        let found = StrategyFailure(
            stage: stage,
            sentence: "strategy \(id) failed in \(stage.rawValue) after event \(lastEvent): \(why)")
        if failure == nil { failure = found }
        state.pointee.hasFailed = true
        takesOrders = false
        throw found
    }

    // MARK: what the strategy may do

    /// Places an order; the result is as in the C interface.
    package func submit(
        slot: UInt32, side: Side, type: OrderType, timeInForce: TimeInForce, quantity: Quantity, price: Price,
        stopPrice: Price
    ) -> Int64 {
        guard takesOrders else { return Int64(TR_NOT_NOW) }
        guard Int(slot) < symbols.count else { return Int64(TR_INVALID_REQUEST) }
        guard !isWatching, isWarm(slot: slot) else { return Int64(TR_WARMING_UP) }
        let number = lastCommand + 1
        let symbol = symbols[Int(slot)]
        enqueue(
            Command(
                action: .submit, number: number, order: number, symbol: symbol, side: side, type: type,
                timeInForce: timeInForce, quantity: quantity, price: price, stopPrice: stopPrice))
        open.placed(
            OpenOrder(
                number: number, slot: Int(slot), symbol: symbol, side: side, type: type,
                timeInForce: timeInForce, quantity: quantity, price: price, stopPrice: stopPrice,
                remaining: quantity))
        view.openOrders[Int(slot)] += 1
        state.pointee.isBusy = true
        return Int64(number)
    }

    /// Changes an open order; the result is as in the C interface.
    package func replace(order: UInt64, quantity: Quantity, price: Price, stopPrice: Price) -> Int64 {
        change(.replace, order, quantity, price, stopPrice)
    }

    /// Cancels an open order; the result is as in the C interface.
    package func cancel(order: UInt64) -> Int64 { change(.cancel, order, .zero, .zero, .zero) }

    private func change(
        _ action: Command.Action, _ number: UInt64, _ quantity: Quantity, _ price: Price, _ stopPrice: Price
    ) -> Int64 {
        guard takesOrders else { return Int64(TR_NOT_NOW) }
        guard !isWatching else { return Int64(TR_WARMING_UP) }
        guard let order = open[number] else { return Int64(TR_UNKNOWN_ORDER) }
        let command = lastCommand + 1
        enqueue(
            Command(
                action: action, number: command, order: number, symbol: order.symbol, side: order.side,
                type: order.type, timeInForce: order.timeInForce, quantity: quantity, price: price,
                stopPrice: stopPrice))
        open.sent(command: command)
        state.pointee.isBusy = true
        return Int64(command)
    }

    func enqueue(_ command: Command) {
        var command = command
        state.pointee.lastCommand = command.number
        command.afterEvent = lastEvent
        command.afterReport = lastReport
        command.decided = eventTime
        commands.append(command)
        state.pointee.hasCommands = true
    }

    /// Sets a timer; the result is as in the C interface.
    package func setTimer(delay: Int64) -> Int64 {
        guard takesOrders else { return Int64(TR_NOT_NOW) }
        guard let number = timers.set(at: state.pointee.now, delay: delay) else {
            return Int64(TR_TOO_MANY_TIMERS)
        }
        state.pointee.nextDue = timers.nextDue
        setDelays?.append(delay)
        return Int64(number)
    }

    /// Passes on a line that the strategy logs.
    package func log(level: UInt32, _ text: String) { onLog?(level, text) }

    /// Notes why the running call is about to fail.
    package func noteFailure(_ reason: String) { noted = reason }

    // MARK: what the strategy may see

    /// The time of what is being handled.
    package var eventTime: Timestamp { Timestamp(microseconds: state.pointee.now) }
    package var cash: Money { view.cash }
    package var unansweredCommands: Int { open.unanswered.count }

    package func position(slot: UInt32) -> Quantity {
        Int(slot) < symbols.count ? Quantity(units: view.positions[Int(slot)]) : .zero
    }
    package func openOrderCount(slot: UInt32) -> UInt32 {
        Int(slot) < symbols.count ? view.openOrders[Int(slot)] : 0
    }
    package func workingOrder(at index: UInt32) -> OpenOrder? { open.working(at: Int(index)) }
    package func symbolName(slot: UInt32) -> UnsafePointer<CChar>? {
        Int(slot) < symbols.count ? UnsafePointer(view.names[Int(slot)]) : nil
    }
    /// Whether an order on this slot would be taken now, as far as the warm-up goes.
    package func isWarm(slot: UInt32) -> Bool {
        if isWatching { return false }
        guard state.pointee.isCold else { return true }
        if let toldCold { return !toldCold.contains(slot) }
        return Int(slot) < symbols.count
            && warming.isWarm(Int(slot), at: state.pointee.now, event: lastEvent)
    }
    /// Price and size increments in units of 1e-8; 0 while unknown.
    package func increments(slot: UInt32) -> (price: Int64, size: Int64) {
        Int(slot) < symbols.count ? view.increments[Int(slot)] : (0, 0)
    }

    /// A text parameter as C text that lives as long as this object; nil when there is none of that name.
    package func parameterText(_ name: String) -> UnsafePointer<CChar>? {
        if let known = texts.first(where: { $0.name == name }) { return UnsafePointer(known.bytes) }
        guard case .text(let value)? = parameters[name] else { return nil }
        let bytes = Array(value.utf8CString)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        copy.initialize(from: bytes, count: bytes.count)
        texts.append((name, copy))
        return UnsafePointer(copy)
    }

    /// `{"strategy":…,"symbols":[…],"parameters":{…}}`: what every kind of plugin is made with.
    package func writeConfiguration(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("strategy", id)
        writer.beginArray("symbols")
        for slot in symbols.indices { writer.value(String(cString: view.names[slot])) }
        writer.endArray()
        parameters.write(into: &writer)
        writer.endObject()
    }
}
