// Which events of the stream a process must keep, when its sessions stand at different places.
//
// A session that waits for the other side of the order entry must not keep the window for itself for ever: on
// the other side another session may do the same, and both would wait. So a session holds the window while it
// can go on, and for some looks after it last moved; when it wants to go on later, the feed begins again from
// its place.

import TradingCore

/// How long one session has not moved.
package struct WindowHold: Sendable {
    /// Looks of its process (some hundred milliseconds each) without a step, after which a session that waits
    /// gives way to those that can go on.
    package static let patience = 8

    private var place: UInt64 = 0
    private var looks = 0

    mutating func look(at next: UInt64) {
        looks = next == place ? looks + 1 : 0
        place = next
    }

    var isPatient: Bool { looks < Self.patience }

    /// The oldest event to keep for sessions that stand at some places: of those that can go on or have moved
    /// lately; when there is none of them, of all.
    struct Oldest {
        private var held = UInt64.max
        private var all = UInt64.max

        mutating func add(next: UInt64, isReady: Bool, _ hold: WindowHold) {
            all = min(all, next)
            if isReady || hold.isPatient { held = min(held, next) }
        }

        /// Nil when there is no session.
        var event: UInt64? { held < .max ? held : all < .max ? all : nil }
    }
}
