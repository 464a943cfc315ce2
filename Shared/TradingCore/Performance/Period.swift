// The stretches of time over which metrics are given: the UTC calendar days that end with the day of the last
// trade or mark. Days without an event are in the stretch and have no return.

/// A period under its wire name.
package enum Period: String, CaseIterable, Sendable {
    case day = "1d"
    case week = "7d"
    case month = "30d"
    case quarter = "90d"
    case year = "1y"
    case all

    /// Calendar days; nil for everything.
    package var days: Int32? {
        switch self {
        case .day: 1
        case .week: 7
        case .month: 30
        case .quarter: 90
        case .year: 365
        case .all: nil
        }
    }
}
