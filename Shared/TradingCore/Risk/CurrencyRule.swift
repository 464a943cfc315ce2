// `currency_mismatch`: one account currency. An instrument whose currency nobody stated is taken to be in it.

import Contracts

enum CurrencyRule: RiskRule {
    static func violation(_ order: ProposedOrder) -> Reason? {
        let currency = order.market.currency
        guard !currency.isEmpty, currency != order.settings.currency else { return nil }
        return Reason(
            code: "currency_mismatch",
            sentence: "the instrument is quoted in \(currency), the account is in \(order.settings.currency)")
    }
}
