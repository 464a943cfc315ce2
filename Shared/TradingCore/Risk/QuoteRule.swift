// `no_quote`: a market order needs a symbol that has shown a quote, a trade or a bar. On bars alone it waits
// for the next one.

import Contracts

enum QuoteRule: RiskRule {
    static func violation(_ order: ProposedOrder) -> Reason? {
        guard order.type == .market, !order.market.hasTicks, !order.market.hasBar else { return nil }
        return Reason(
            code: "no_quote",
            sentence:
                "the symbol has shown neither a quote nor a trade: wait for the first or use a limit order")
    }
}
