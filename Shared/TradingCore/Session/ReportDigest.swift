import Contracts

extension Report {
    /// A number that two reports share only when they say the same; executions have digests of their own.
    package var digest: UInt64 {
        var digest = Digest()
        for word in [number, command, order, after] { digest.add(word) }
        for amount in [quantity.units, price.units, stopPrice.units, filled.units, remaining.units] {
            digest.add(amount)
        }
        digest.add(timestamp.microseconds)
        digest.add(Int64(symbol.rawValue))
        digest.add(
            UInt64(status.rawValue) | UInt64(side.rawValue) << 8 | UInt64(type.rawValue) << 16
                | UInt64(timeInForce.rawValue) << 24)
        digest.add(reason?.code ?? "")
        return digest.value
    }
}

extension Execution {
    /// A number that two executions share only when they are the same.
    package var digest: UInt64 {
        var digest = Digest()
        for word in [strategySeq, order, UInt64(fill)] { digest.add(word) }
        digest.add(
            UInt64(effect.rawValue) | UInt64(side.rawValue) << 8 | UInt64(liquidity.rawValue) << 16)
        for amount in [
            quantity.units, price.units, referencePrice.units, slippage.units, fee.units, position.units,
            averagePrice.units, realizedPnl.units, cash.units,
        ] { digest.add(amount) }
        digest.add(timestamp.microseconds)
        digest.add(Int64(symbol.rawValue))
        return digest.value
    }
}

extension EquityEvent {
    /// A number that two marks share only when they are the same.
    package var digest: UInt64 {
        var digest = Digest()
        for word in [number, strategySeq, UInt64(periodsPerYear)] { digest.add(word) }
        for amount in [timestamp.microseconds, equity.units, cash.units] { digest.add(amount) }
        digest.add(currency)
        for holding in holdings {
            digest.add(holding.symbol)
            digest.add(holding.position.units)
            digest.add(holding.price.units)
        }
        return digest.value
    }
}
