// A message that kills the tracker must not kill it for ever: attempts are noted in the database before a
// message is looked at, and one that was begun three times and never came to its end is refused without
// being read.
//
// Noting each message would cost a transaction each, so it is done where a culprit can be: for the first
// messages after a start (what killed the process is sent again among them) and for requeued ones. Every
// restart books those first messages, so the culprit is reached after a few restarts wherever in a backlog
// it stands.

import Contracts
import Persistence

final class CrashGuard {
    /// Messages after a start that are handled one by one.
    static let carefulMessages = 256
    /// Deaths on one message after which it is not tried again.
    static let deaths = 3
    static let refusal = Refusal(
        reason: .crashLoop, stage: .receive,
        sentence: "the tracker died \(deaths) times on this message: it is not read again before a requeue")

    private let store: any Store
    private var left = carefulMessages
    /// Digest of the message whose attempt is noted.
    private(set) var current: [UInt8]?

    init(store: any Store) { self.store = store }

    /// Whether messages are handled one by one.
    var isCareful: Bool { left > 0 }

    /// Notes that a message is about to be handled; false when it must not be.
    ///
    /// A database that does not take the note refuses no message.
    func begin(_ json: some Sequence<UInt8>) -> Bool {
        let digest = messageDigest(json)
        if digest == current { return true }
        guard let before = try? store.beginAttempt(digest, previous: current) else {
            // The database is in trouble, and asking it for each message would stop everything.
            left = 0
            return true
        }
        current = digest
        if left > 0 { left -= 1 }
        return before < Self.deaths
    }

    /// What was noted was ended together with the booking of the message.
    func booked() { current = nil }

    /// The message was handled.
    func end() {
        guard let digest = current, (try? store.endAttempt(digest)) != nil else { return }
        current = nil
    }
}
