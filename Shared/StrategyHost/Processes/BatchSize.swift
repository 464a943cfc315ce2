// How many events go into one message to a plugin: as many as it would answer in a tenth of the deadline at
// the pace of its last answers, so that the deadline of an answer is one of an event too. A fast one
// gets long messages, one that thinks gets its events one by one. No decision of a strategy depends on it.

struct BatchSize {
    /// Events in the next message.
    var next = 1
    /// Microseconds an event, of the slowest answer of late.
    private var pace = 0

    /// A message was answered.
    ///
    /// - Parameters:
    ///   - events: that it handled.
    ///   - microseconds: from the question to the answer.
    ///   - deadline: microseconds for an answer.
    ///   - largest: events that both sides take in one message.
    mutating func answered(events: Int, microseconds: Int, deadline: Int, largest: Int) {
        pace = max(microseconds / events, pace - pace / 8, 1)
        next = max(1, min(largest, 2 * next, deadline / 10 / pace))
    }
}
