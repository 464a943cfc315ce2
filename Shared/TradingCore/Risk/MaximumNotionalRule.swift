// `max_notional`: the value of one order, of what is still to be filled at its worst price.

import Contracts

enum MaximumNotionalRule: RiskRule {
    static func violation(_ order: ProposedOrder) throws(AmountOutOfRange) -> Reason? {
        let notional = try order.notional()
        guard let limit = order.settings.maxNotional, notional > limit else { return nil }
        return Reason(
            code: "max_notional",
            sentence: "the order is worth \(notional), above the limit of \(limit) for one order")
    }
}
