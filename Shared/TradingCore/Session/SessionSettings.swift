// The simulation settings of a session. They are its first journal record, so everything that changes a fill
// stands here and nowhere else.

import Contracts

/// Whether displayed sizes limit a fill.
package enum FillMode: String, Sendable, CaseIterable {
    /// Up to the size that the quote or trade shows.
    case displayed
    /// The whole quantity at the touch, whatever size is shown.
    case touch
}

package struct SessionSettings: Sendable, Equatable {
    /// What the account starts with.
    package var cash = Money(whole: 100_000)
    /// Currency of the account; an instrument in another is refused.
    package var currency = ShortCode("USD") ?? .none
    package var fee = FeeModel.perShare
    /// Money for one share, with `fee` per share.
    package var feePerShare = Price(units: 500_000)
    /// Least fee of one fill, with `fee` per share.
    package var feeMinimum = Money(whole: 1)
    /// Millionths of the value, with `fee` per value.
    package var feePerValue = PartsPerMillion(whole: 1_000)
    /// Microseconds between a decision and the market, of every command.
    package var latencyMicroseconds: Int64 = 0
    /// Whether a position may become short.
    package var short = true
    /// Of one unit, against the trader, on every fill that takes liquidity.
    package var slippage = Price.zero
    package var fill = FillMode.displayed
    /// Largest position of a symbol, long or short, all working orders of a side counted; nil: no limit.
    package var maxPosition: Quantity?
    /// Largest value of one order; nil: no limit.
    package var maxNotional: Money?
    /// Largest quantity of one order; nil: no limit.
    package var maxOrderQuantity: Quantity?
    /// Submits and replaces accepted within one second of session time; nil: no limit.
    package var orderRate: Int?
    /// The first market event whose orders are taken, for a strategy that was warmed up on those before it;
    /// 0: the session's first. The strategy's host holds it.
    package var ordersFrom: UInt64 = 0

    package init() {}

    var fillTerms: FillTerms { FillTerms(slippage: slippage, ignoresSizes: fill == .touch) }
}

/// Settings that could not be used, all of them at once.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    package struct Problem: Sendable, Equatable {
        package var name: String
        package var value: String
        /// What may stand there, as the end of a sentence.
        package var allowed: String

        package init(name: String, value: String, allowed: String) {
            self.name = name
            self.value = value
            self.allowed = allowed
        }
    }

    /// In the order in which the settings were given.
    package var problems: [Problem]

    package init(problems: [Problem]) { self.problems = problems }

    package let code = "invalid_settings"

    /// One line for each.
    package var description: String {
        problems.map { "\($0.name) \"\($0.value)\" is not allowed: use \($0.allowed)" }
            .joined(separator: "\n")
    }
}
