// The moments at which a service ends itself when the test has armed it: see Shared/CCrashPoint.

/// The points of `CCrashPoint.h`, by their names.
enum CrashPoint: String, CaseIterable {
    case journalWaits = "journal-waits"
    case journalled
    case published
    case inserted
    case booked
    case ordered
    case claimed
    case snapshotBegun = "snapshot-begun"
    case snapshotFinished = "snapshot-finished"

    /// The services that come to it.
    var services: [Service] {
        switch self {
        case .journalWaits, .journalled, .published: [.gateway, .simulator]
        case .inserted, .booked: [.tracker]
        case .ordered, .claimed: [.runner]
        case .snapshotBegun, .snapshotFinished: [.simulator, .runner]
        }
    }

    static func of(_ service: Service) -> [CrashPoint] { allCases.filter { $0.services.contains(service) } }

    /// How many visits a run survives at most before the one that ends it: rare points are met at once.
    var mostVisits: Int {
        switch self {
        case .claimed: 1
        case .snapshotBegun, .snapshotFinished: 4
        case .inserted, .booked: 20
        default: 60
        }
    }
}
