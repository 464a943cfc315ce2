// `short_not_allowed`: with `short` off, working sell orders and this one together sell no more than is held.
// `insufficient_equity`: with `short` on, short positions are worth no more than the equity. The proceeds of
// a short sale are cash, so without this rule selling would buy any position.

import Contracts

enum ShortSaleRule: RiskRule {
    static func violation(_ order: ProposedOrder) throws(AmountOutOfRange) -> Reason? {
        let after = order.positionAfter
        guard order.side == .sell, after < 0 else { return nil }
        guard order.settings.short else {
            return Reason(
                code: "short_not_allowed",
                sentence:
                    "selling \(order.remaining) more with \(shown(order.workingSameSide)) in working sell"
                    + " orders would leave \(shown(after)); short selling is off")
        }
        guard let short = Int64(exactly: -after) else { throw AmountOutOfRange() }
        let value = try order.worstPrice().times(Quantity(units: short)).adding(order.otherShortValue)
        guard value > order.equity else { return nil }
        return Reason(
            code: "insufficient_equity",
            sentence: "short positions would be worth \(value), more than the equity of \(order.equity)")
    }
}
