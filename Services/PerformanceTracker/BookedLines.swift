// What the log says of booked trades: a line for the first after a start, and one a minute while more come.

import Logging
import Messaging

struct BookedLines {
    private static let every = Duration.seconds(60)

    let log: Logger
    private var said: (trades: Int64, at: MonotonicTime)?

    init(log: Logger) { self.log = log }

    /// Call now and then, with all trades booked since the start.
    mutating func look(booked: Int64, at now: MonotonicTime) {
        guard booked > said?.trades ?? 0 else { return }
        if let said, now - said.at < Self.every { return }
        log.info(
            said == nil ? "the first trades are booked" : "trades are booked",
            metadata: ["trades": "\(booked - (said?.trades ?? 0))"])
        said = (booked, now)
    }
}
