// The two things of the outside world that services need and nothing that decides a trade may touch.

import Contracts

/// The wall clock, for `published_at` and logs only.
package func wallClock() -> Timestamp { Timestamp(microseconds: UTCTime.now()) }

/// A random id for a new journal: 12 characters of `[a-z0-9]`, 62 bits.
package func randomEpoch() -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    return String((0..<12).map { _ in letters.randomElement()! })
}
