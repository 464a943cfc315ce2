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

    /// The oldest event to keep for sessions that stand at these places: of those that can go on or have
    /// moved lately; when there is none of them, of all.
    static func oldest(_ sessions: some Sequence<(next: UInt64, isReady: Bool, hold: WindowHold)>) -> UInt64?
    {
        var held: UInt64?
        var all: UInt64?
        for session in sessions {
            all = min(all ?? .max, session.next)
            if session.isReady || session.hold.isPatient { held = min(held ?? .max, session.next) }
        }
        return held ?? all
    }
}
