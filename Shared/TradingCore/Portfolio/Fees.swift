// What one fill costs. A fill is one report: when it crosses zero, its fee is divided between its two
// executions in proportion to their quantities, half to even, and the second gets what is left.

import Contracts

/// One way to charge for a fill.
protocol FeeRule {
    /// The fee of one fill; throws when it leaves the range of amounts.
    func fee(price: Price, quantity: Quantity) throws(AmountOutOfRange) -> Money
}

/// The ways that a session can be set to.
package enum FeeModel: String, Sendable, CaseIterable {
    /// So much a share, with a minimum for each fill.
    case perShare = "per-share"
    /// So many millionths of the value.
    case perValue = "per-value"
    case none
}

/// Millionths, with eight decimals.
package struct PartsPerMillion: FixedPoint {
    package var units: Int64
    package init(units: Int64) { self.units = units }
    package var description: String { canonicalDecimal(units) }
}

extension SessionSettings {
    /// The fee of one fill under these settings.
    func fillFee(price: Price, quantity: Quantity) throws(AmountOutOfRange) -> Money {
        switch fee {
        case .perShare:
            try PerShareFee(rate: feePerShare, minimum: feeMinimum).fee(price: price, quantity: quantity)
        case .perValue: try PerValueFee(rate: feePerValue).fee(price: price, quantity: quantity)
        case .none: .zero
        }
    }
}
