// `invalid_quantity`, `quantity_below_filled`, `quantity_increment`: a positive quantity in whole increments,
// and on a replace more than what is filled.

import Contracts

enum QuantityRule: RiskRule {
    static func violation(_ order: ProposedOrder) -> Reason? {
        guard order.quantity > .zero else {
            return Reason(
                code: "invalid_quantity", sentence: "the quantity \(order.quantity) is not above 0")
        }
        guard order.quantity > order.filled else {
            return Reason(
                code: "quantity_below_filled",
                sentence: "the quantity \(order.quantity) is not above the \(order.filled) already filled")
        }
        let increment = order.market.sizeIncrement
        guard increment > .zero, order.quantity.units % increment.units != 0 else { return nil }
        return Reason(
            code: "quantity_increment",
            sentence: "the quantity \(order.quantity) is not a multiple of \(increment)")
    }
}
