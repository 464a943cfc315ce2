// `max_position`: the position of the symbol if every working order of this side filled. An order that brings
// the position nearer to flat is never refused.

import Contracts

enum MaximumPositionRule: RiskRule {
    static func violation(_ order: ProposedOrder) -> Reason? {
        guard let limit = order.settings.maxPosition else { return nil }
        let after = order.positionAfter
        guard after.magnitude > limit.units.magnitude, after.magnitude > order.position.units.magnitude else {
            return nil
        }
        return Reason(
            code: "max_position",
            sentence: "the position could become \(shown(after)), beyond the limit of \(limit)")
    }
}
