// `invalid_price`, `price_increment`: a limit has a positive price and no stop price, a stop a positive stop
// price and no limit, both in whole increments. The price of a market order is noted and decides nothing.

import Contracts

enum PriceRule: RiskRule {
    static func violation(_ order: ProposedOrder) -> Reason? {
        switch order.type {
        case .market: nil
        case .limit:
            order.stopPrice.isZero
                ? level(order.price, "price", increment: order.market.priceIncrement)
                : Reason(code: "invalid_price", sentence: "a limit order has no stop price")
        case .stop:
            order.price.isZero
                ? level(order.stopPrice, "stop price", increment: order.market.priceIncrement)
                : Reason(
                    code: "invalid_price", sentence: "a stop order has no limit price: use its stop price")
        }
    }

    private static func level(_ price: Price, _ name: String, increment: Price) -> Reason? {
        guard price > .zero else {
            return Reason(code: "invalid_price", sentence: "the \(name) \(price) is not above 0")
        }
        guard increment > .zero, price.units % increment.units != 0 else { return nil }
        return Reason(
            code: "price_increment", sentence: "the \(name) \(price) is not a multiple of \(increment)")
    }
}
