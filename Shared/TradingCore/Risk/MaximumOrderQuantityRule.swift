// `max_order_quantity`: the quantity of one order.

import Contracts

enum MaximumOrderQuantityRule: RiskRule {
    static func violation(_ order: ProposedOrder) -> Reason? {
        guard let limit = order.settings.maxOrderQuantity, order.quantity > limit else { return nil }
        return Reason(
            code: "max_order_quantity",
            sentence: "the quantity \(order.quantity) is above the limit of \(limit) for one order")
    }
}
