// The host's side of the C interface: C functions that find their `HostedStrategy` through the context
// pointer, and the C forms of trades and reports.
//
// Unsafe on purpose and only here: the pointer is unretained, because the table lives inside the object that
// it points to, and a plugin calls only from within a call that this object makes.

import CStrategyABI
import Contracts

/// The host behind a context pointer, for the length of `body`, without touching its reference count.
private func with<Result>(
    _ context: UnsafeMutableRawPointer?, _ body: (HostedStrategy) -> Result
) -> Result {
    Unmanaged<HostedStrategy>.fromOpaque(context!)._withUnsafeGuaranteedRef(body)
}

/// The table that `host` gives its strategy.
func makeHostTable(for host: HostedStrategy) -> tr_host {
    var table = tr_host()
    table.abi_version = TR_STRATEGY_ABI_VERSION
    table.struct_size = UInt32(MemoryLayout<tr_host>.size)
    table.context = Unmanaged.passUnretained(host).toOpaque()
    fillOrders(&table)
    fillState(&table)
    fillParameters(&table)
    table.log = { context, level, text in
        guard let text else { return }
        with(context) { $0.log(level: level, String(cString: text)) }
    }
    table.fail = { context, reason in
        guard let reason else { return }
        with(context) { $0.noteFailure(String(cString: reason)) }
    }
    return table
}

private func fillOrders(_ table: inout tr_host) {
    table.submit = { context, request in
        // Fields behind `struct_size` are not there; version 1 needs all of them.
        guard let order = request?.pointee, order.struct_size >= UInt32(MemoryLayout<tr_order_request>.size),
            let side = Side(rawValue: UInt8(clamping: order.side)),
            let type = OrderType(rawValue: UInt8(clamping: order.type)),
            let timeInForce = TimeInForce(rawValue: UInt8(clamping: order.time_in_force))
        else { return Int64(TR_INVALID_REQUEST) }
        return with(context) { host in
            host.submit(
                slot: order.symbol, side: side, type: type, timeInForce: timeInForce,
                quantity: Quantity(units: order.quantity_e8), price: Price(units: order.price_e8),
                stopPrice: Price(units: order.stop_price_e8))
        }
    }
    table.replace = { context, order, quantity, price, stopPrice in
        with(context) { host in
            host.replace(
                order: order, quantity: Quantity(units: quantity), price: Price(units: price),
                stopPrice: Price(units: stopPrice))
        }
    }
    table.cancel = { context, order in with(context) { $0.cancel(order: order) } }
    table.set_timer = { context, delay in with(context) { $0.setTimer(delay: delay) } }
}

private func fillState(_ table: inout tr_host) {
    table.now_us = { context in with(context) { $0.eventTime.microseconds } }
    table.position_e8 = { context, slot in with(context) { $0.position(slot: slot).units } }
    table.cash_e8 = { context in with(context) { $0.cash.units } }
    table.open_orders = { context, slot in with(context) { $0.openOrderCount(slot: slot) } }
    table.unanswered = { context in with(context) { UInt32($0.unansweredCommands) } }
    table.working_order = { context, index, place in
        guard let place, let order = with(context, { $0.workingOrder(at: index) }) else { return 0 }
        place.pointee = tr_working_order(
            order: order.number, symbol: UInt32(order.slot), side: UInt32(order.side.rawValue),
            type: UInt32(order.type.rawValue), time_in_force: UInt32(order.timeInForce.rawValue),
            quantity_e8: order.quantity.units, filled_e8: order.filled.units,
            remaining_e8: order.remaining.units, price_e8: order.price.units,
            stop_price_e8: order.stopPrice.units)
        return 1
    }
    table.symbol_count = { context in with(context) { UInt32($0.symbols.count) } }
    table.symbol_name = { context, slot in with(context) { $0.symbolName(slot: slot) } }
    table.price_increment_e8 = { context, slot in with(context) { $0.increments(slot: slot).price } }
    table.size_increment_e8 = { context, slot in with(context) { $0.increments(slot: slot).size } }
}

private func fillParameters(_ table: inout tr_host) {
    table.parameter_integer = { context, name, place in
        guard let name, let place else { return 0 }
        switch with(context, { $0.parameters[String(cString: name)] }) {
        case .integer(let value)?: place.pointee = value
        case .flag(let value)?: place.pointee = value ? 1 : 0
        default: return 0
        }
        return 1
    }
    table.parameter_decimal_e8 = { context, name, place in
        guard let name, let place else { return 0 }
        switch with(context, { $0.parameters[String(cString: name)] }) {
        case .decimal(let value)?: place.pointee = value
        case .integer(let value)?:
            let (units, overflow) = value.multipliedReportingOverflow(by: unitsPerOne)
            guard !overflow else { return 0 }
            place.pointee = units
        default: return 0
        }
        return 1
    }
    table.parameter_text = { context, name, place in
        guard let name, let place,
            let text = with(context, { $0.parameterText(String(cString: name)) })
        else { return 0 }
        place.pointee = text
        return 1
    }
}

extension tr_trade {
    init(_ execution: Execution, slot: Int) {
        self.init(
            strategy_seq: execution.strategySeq, order: execution.order, fill: execution.fill,
            symbol: UInt32(slot), side: UInt32(execution.side.rawValue),
            effect: UInt32(execution.effect.rawValue), liquidity: UInt32(execution.liquidity.rawValue),
            reserved: 0, quantity_e8: execution.quantity.units, price_e8: execution.price.units,
            reference_price_e8: execution.referencePrice.units, slippage_e8: execution.slippage.units,
            fee_e8: execution.fee.units, timestamp_us: execution.timestamp.microseconds,
            position_e8: execution.position.units, average_price_e8: execution.averagePrice.units,
            realized_pnl_e8: execution.realizedPnl.units, cash_e8: execution.cash.units)
    }
}

/// The C form of a report, valid during `body`.
func withUpdate(
    _ report: Report, slot: Int, _ body: (UnsafePointer<tr_order_update>) -> Int32
) -> Int32 {
    precondition(slot >= 0, "a report is of one of the session's symbols")
    var update = tr_order_update()
    update.report = report.number
    update.command = report.command
    update.order = report.order
    update.after = report.after
    update.status = UInt32(report.status.rawValue)
    update.symbol = UInt32(slot)
    update.side = UInt32(report.side.rawValue)
    update.type = UInt32(report.type.rawValue)
    update.time_in_force = UInt32(report.timeInForce.rawValue)
    update.is_working = report.endsOrder ? 0 : 1
    update.quantity_e8 = report.quantity.units
    update.price_e8 = report.price.units
    update.stop_price_e8 = report.stopPrice.units
    update.filled_e8 = report.filled.units
    update.remaining_e8 = report.remaining.units
    update.timestamp_us = report.timestamp.microseconds
    guard let reason = report.reason else { return body(&update) }
    return reason.code.withCString { code in
        reason.sentence.withCString { sentence in
            update.reason_code = code
            update.reason = sentence
            return body(&update)
        }
    }
}
