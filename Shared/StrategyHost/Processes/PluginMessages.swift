// What the host says to a plugin, as lines of JSON (Shared/Python/PROTOCOL.md). Amounts are written twice:
// with their decimals, and as whole units of 1e-8 under the name with `_e8`.

import CStrategyABI
import Contracts

/// The version of the protocol between host and plugin.
package let pluginProtocolVersion: UInt64 = 1

/// Zero-terminated names by slot.
typealias SymbolNames = UnsafeMutablePointer<UnsafeMutablePointer<CChar>>

extension JSONWriter {
    /// Symbols whose orders are not taken yet; nothing when there is none.
    mutating func warmingUp(_ slots: [UInt32], names: SymbolNames) {
        guard !slots.isEmpty else { return }
        beginArray("warming_up")
        for slot in slots { value(String(cString: names[Int(slot)])) }
        endArray()
    }

    mutating func amount(_ name: StaticString, _ exact: StaticString, _ units: Int64) {
        field(name, Price(units: units))
        field(exact, units)
    }

    /// `{"type":…,"id":…`: the caller adds fields and ends the message.
    mutating func beginMessage(_ type: StaticString, id: UInt64) {
        beginObject()
        field("type", word: type)
        field("id", id)
    }

    mutating func endMessage() {
        endObject()
        append(0x0a as UInt8)
    }

    mutating func hello(batch: Int) {
        beginObject()
        field("type", word: "hello")
        field("protocol", pluginProtocolVersion)
        field("batch", batch)
        endMessage()
    }

    /// One market event as the strategy is to see it. `now` is session time; `rest` adds fields.
    mutating func event(
        _ data: borrowing tr_market_data, symbol: String, now: Int64, _ rest: (inout JSONWriter) -> Void
    ) {
        beginObject()
        field("seq", data.seq)
        field("symbol", symbol)
        field("kind", word: data.kind == TR_QUOTE ? "quote" : data.kind == TR_TRADE ? "trade" : "bar")
        field("timestamp", Timestamp(microseconds: data.timestamp_us))
        if now != data.timestamp_us { field("session_time", Timestamp(microseconds: now)) }
        amount("price", "price_e8", data.price_e8)
        amount("volume", "volume_e8", data.volume_e8)
        if data.presence & TR_HAS_BID != 0 {
            amount("bid", "bid_e8", data.bid_e8)
            amount("bid_size", "bid_size_e8", data.bid_size_e8)
        }
        if data.presence & TR_HAS_ASK != 0 {
            amount("ask", "ask_e8", data.ask_e8)
            amount("ask_size", "ask_size_e8", data.ask_size_e8)
        }
        if data.kind == TR_BAR {
            field("interval", UInt64(data.interval_s))
            field("open_time", Timestamp(microseconds: data.open_time_us))
            amount("open", "open_e8", data.open_e8)
            amount("high", "high_e8", data.high_e8)
            amount("low", "low_e8", data.low_e8)
            amount("close", "close_e8", data.close_e8)
        }
        let (exchange, conditions) = (ShortCode(rawValue: data.code), ShortCode(rawValue: data.detail))
        if data.code != 0 { field("exchange", "\(exchange)") }
        if data.detail != 0 { field("conditions", "\(conditions)") }
        rest(&self)
        endObject()
    }

    /// Increments of a symbol, as an event.
    mutating func instrument(seq: UInt64, symbol: String, price: Int64, size: Int64) {
        beginObject()
        field("seq", seq)
        field("symbol", symbol)
        field("kind", word: "instrument")
        amount("price_increment", "price_increment_e8", price)
        amount("size_increment", "size_increment_e8", size)
        endObject()
    }

    /// A timer; the caller ends the message.
    mutating func timer(id: UInt64, timer: UInt64, due: Int64, seq: UInt64, now: Int64) {
        beginMessage("timer", id: id)
        field("timer", timer)
        field("due", Timestamp(microseconds: due))
        field("seq", seq)
        field("session_time", Timestamp(microseconds: now))
    }

    /// A report with its executions; `name` gives the name of a symbol. The caller ends the message.
    mutating func report(
        id: UInt64, strategy: String, _ report: Report, name: (SymbolIndex) -> String
    ) {
        beginMessage("report", id: id)
        beginObject("order")
        field("report", report.number)
        field("command", report.command)
        field("order", report.order)
        field("order_id", "\(strategy):\(report.order)")
        field("after", report.after)
        field("status", report.status)
        field("symbol", name(report.symbol))
        field("side", report.side)
        field("order_type", report.type)
        field("time_in_force", report.timeInForce)
        field("is_working", !report.endsOrder)
        amount("quantity", "quantity_e8", report.quantity.units)
        amount("price", "price_e8", report.price.units)
        amount("stop_price", "stop_price_e8", report.stopPrice.units)
        amount("filled", "filled_e8", report.filled.units)
        amount("remaining", "remaining_e8", report.remaining.units)
        field("timestamp", report.timestamp)
        if let reason = report.reason {
            field("reason_code", reason.code)
            field("reason", reason.sentence)
        }
        endObject()
        beginArray("trades")
        for execution in report.executions { trade(execution, strategy, name(execution.symbol)) }
        endArray()
    }

    /// Where a strategy that is begun from its state stands; the caller ends the message.
    mutating func standing(_ host: HostedState, names: [String], cold: [UInt32]) {
        if !cold.isEmpty {
            beginArray("warming_up")
            for slot in cold { value(names[Int(slot)]) }
            endArray()
        }
        beginObject("standing")
        field("seq", host.event)
        field("report", host.report)
        field("command", host.command)
        field("timer", host.timers.created)
        field("session_time", Timestamp(microseconds: host.now))
        beginArray("symbols")
        for (slot, symbol) in host.symbols.enumerated() {
            beginObject()
            field("symbol", names[slot])
            amount("position", "position_e8", symbol.position)
            amount("price_increment", "price_increment_e8", symbol.priceIncrement)
            amount("size_increment", "size_increment_e8", symbol.sizeIncrement)
            endObject()
        }
        endArray()
        beginArray("orders")
        for order in host.orders.orders { open(order, symbol: names[order.slot]) }
        endArray()
        beginArray("unanswered")
        for command in host.orders.unanswered { value(command) }
        endArray()
        beginArray("timers")
        // The next one first; the queue holds it last.
        for timer in host.timers.timers.reversed() {
            beginObject()
            field("timer", timer.number)
            field("due", Timestamp(microseconds: timer.due))
            endObject()
        }
        endArray()
        endObject()
    }

    private mutating func open(_ order: OpenOrder, symbol: String) {
        beginObject()
        field("order", order.number)
        field("symbol", symbol)
        field("side", order.side)
        field("order_type", order.type)
        field("time_in_force", order.timeInForce)
        field("is_working", order.isWorking)
        amount("quantity", "quantity_e8", order.quantity.units)
        amount("price", "price_e8", order.price.units)
        amount("stop_price", "stop_price_e8", order.stopPrice.units)
        amount("filled", "filled_e8", order.filled.units)
        amount("remaining", "remaining_e8", order.remaining.units)
        endObject()
    }

    private mutating func trade(_ execution: Execution, _ strategy: String, _ symbol: String) {
        beginObject()
        field("trade_id", "\(strategy):\(execution.order):\(execution.fill)")
        field("order_id", "\(strategy):\(execution.order)")
        field("strategy_id", strategy)
        field("strategy_seq", execution.strategySeq)
        field("order", execution.order)
        field("fill", UInt64(execution.fill))
        field("event_type", execution.effect)
        field("symbol", symbol)
        field("side", execution.side)
        amount("quantity", "quantity_e8", execution.quantity.units)
        amount("price", "price_e8", execution.price.units)
        amount("reference_price", "reference_price_e8", execution.referencePrice.units)
        amount("slippage", "slippage_e8", execution.slippage.units)
        amount("fee", "fee_e8", execution.fee.units)
        field("liquidity", execution.liquidity)
        field("timestamp", execution.timestamp)
        amount("position", "position_e8", execution.position.units)
        amount("average_price", "average_price_e8", execution.averagePrice.units)
        amount("realized_pnl", "realized_pnl_e8", execution.realizedPnl.units)
        amount("cash", "cash_e8", execution.cash.units)
        endObject()
    }
}
