// The C functions behind the table of a Swift strategy.

import CStrategyABI
import Contracts

/// Fills the table. Its functions find the strategy through the instance pointer alone.
@usableFromInline
func makeTable(metadata: String, _ factory: StrategyFactory) -> UnsafeRawPointer {
    let bytes = Array(metadata.utf8CString)
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    text.initialize(from: bytes, count: bytes.count)
    var table = tr_strategy()
    table.abi_version = TR_STRATEGY_ABI_VERSION
    table.struct_size = UInt32(MemoryLayout<tr_strategy>.size)
    table.context = Unmanaged.passRetained(factory).toOpaque()
    table.metadata_json = UnsafePointer(text)
    table.create = { context, host, _, instance in
        let factory = Unmanaged<StrategyFactory>.fromOpaque(context!).takeUnretainedValue()
        instance!.pointee = Unmanaged.passRetained(factory.make(host!)).toOpaque()
        return 0
    }
    table.destroy = { Unmanaged<StrategyCalls>.fromOpaque($0!).release() }
    table.on_market_data = { instance, data in
        // No retain: the platform keeps the instance for the length of the call.
        Unmanaged<StrategyCalls>.fromOpaque(instance!)._withUnsafeGuaranteedRef { $0.marketData(data!) }
    }
    fillLifeCycle(&table)
    fillOrders(&table)
    let place = UnsafeMutablePointer<tr_strategy>.allocate(capacity: 1)
    place.initialize(to: table)
    return UnsafeRawPointer(place)
}

private func strategyCalls(_ instance: UnsafeMutableRawPointer?) -> StrategyCalls {
    Unmanaged<StrategyCalls>.fromOpaque(instance!).takeUnretainedValue()
}

private func fillLifeCycle(_ table: inout tr_strategy) {
    table.initialize = {
        let strategy = strategyCalls($0)
        return strategy.status { try strategy.initialize() }
    }
    table.on_timer = { instance, timer, _ in
        let strategy = strategyCalls(instance)
        return strategy.status { try strategy.timer(timer) }
    }
    table.cleanup = {
        let strategy = strategyCalls($0)
        return strategy.status { try strategy.cleanup() }
    }
    table.snapshot = { instance, bytes, capacity in
        let strategy = strategyCalls(instance)
        do {
            guard let state = try strategy.snapshot() else { return -1 }
            if let bytes, state.count <= Int(capacity) { bytes.update(from: state, count: state.count) }
            return Int64(state.count)
        } catch {
            strategy.context.fail(error)
            return -1
        }
    }
    table.restore = { instance, bytes, count in
        let strategy = strategyCalls(instance)
        return strategy.status {
            try strategy.restore(Array(UnsafeBufferPointer(start: bytes, count: Int(count))))
        }
    }
}

private func fillOrders(_ table: inout tr_strategy) {
    table.on_trade = { instance, raw in
        let strategy = strategyCalls(instance)
        return strategy.status { try strategy.trade(Execution(raw!.pointee)) }
    }
    table.on_order = { instance, raw in
        let strategy = strategyCalls(instance)
        return strategy.status { try strategy.order(Report(raw!.pointee)) }
    }
}

extension OrderType {
    /// From its number in the C interface.
    @usableFromInline
    init(abi number: UInt32) { self = number == TR_LIMIT ? .limit : number == TR_STOP ? .stop : .market }
}

extension Execution {
    fileprivate init(_ raw: tr_trade) {
        self.init(
            strategySeq: raw.strategy_seq, order: raw.order, fill: raw.fill,
            effect: raw.effect == TR_OPEN ? .open : raw.effect == TR_CLOSE ? .close : .update,
            side: raw.side == TR_BUY ? .buy : .sell, liquidity: raw.liquidity == TR_MAKER ? .maker : .taker,
            symbol: SymbolIndex(Int32(truncatingIfNeeded: raw.symbol)),
            quantity: Quantity(units: raw.quantity_e8),
            price: Price(units: raw.price_e8), referencePrice: Price(units: raw.reference_price_e8),
            slippage: Price(units: raw.slippage_e8), fee: Money(units: raw.fee_e8),
            timestamp: Timestamp(microseconds: raw.timestamp_us), position: Quantity(units: raw.position_e8),
            averagePrice: Price(units: raw.average_price_e8), realizedPnl: Money(units: raw.realized_pnl_e8),
            cash: Money(units: raw.cash_e8))
    }
}

extension Report {
    fileprivate init(_ raw: tr_order_update) {
        var reason: Reason?
        if let code = raw.reason_code {
            reason = Reason(
                code: String(cString: code), sentence: raw.reason.map { String(cString: $0) } ?? "")
        }
        self.init(
            number: raw.report,
            status: OrderStatus(rawValue: UInt8(truncatingIfNeeded: raw.status)) ?? .rejected,
            command: raw.command, order: raw.order,
            symbol: SymbolIndex(Int32(truncatingIfNeeded: raw.symbol)),
            side: raw.side == TR_BUY ? .buy : .sell, type: OrderType(abi: raw.type),
            timeInForce: raw.time_in_force == TR_IOC ? .ioc : .gtc,
            quantity: Quantity(units: raw.quantity_e8),
            price: Price(units: raw.price_e8), stopPrice: Price(units: raw.stop_price_e8),
            filled: Quantity(units: raw.filled_e8), remaining: Quantity(units: raw.remaining_e8),
            after: raw.after,
            timestamp: Timestamp(microseconds: raw.timestamp_us), reason: reason)
    }
}
