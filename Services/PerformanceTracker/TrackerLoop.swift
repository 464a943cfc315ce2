// The turn of the bus: trades come in, one transaction books them, answers and notices leave.
//
// While the database does not take anything, nothing is read that could not be kept: the feed is paused,
// the door of the ingest is closed, and whatever has arrived is tried again with growing pauses.

import Contracts
import Messaging
import Persistence
import ServiceKit

final class TrackerLoop: SimulatorFeedOwner {
    /// First and last wait before trouble with the database is tried again.
    private static let shortestWait = Duration.milliseconds(50)
    private static let longestWait = Duration.seconds(5)
    /// Trades of simulators are booked this often at most: a transaction of twenty costs little more than one
    /// of one, and a stream of single trades would keep the database busy with writing the same pages again.
    private static let bookEvery = Duration.milliseconds(5)
    /// While more than so many events a millisecond come, this often: they are booked for a fifth less.
    private static let manyPerMillisecond = 6
    private static let bookManyEvery = Duration.milliseconds(20)
    /// A checkpoint without trades is stored this often at most.
    private static let checkpointEvery = Duration.milliseconds(50)
    private static let noticesEvery = Duration.milliseconds(250)
    /// Dead letters are counted this often at most, and when there are many of them less often.
    private static let countsEvery = Duration.seconds(1)
    private static let manyLetters = 10_000
    private static let manyCountsEvery = Duration.seconds(10)

    private let bus: Bus
    private let core: TrackerCore
    private let publisher: Publisher
    private let ingest: IngestServer
    private let context: ServiceContext
    private var feeds: [SimulatorFeed] = []
    private var wait = shortestWait
    private var isWaiting = false
    private var isResting = false
    private var lastBatch = MonotonicTime.now()
    private var countedAt: MonotonicTime?
    private var topics: [String: Int] = [:]
    private var answer = JSONWriter(capacity: 512)
    private let figures: TrackerFigures
    private var bookedLines: BookedLines
    private(set) var failure: (any Error)?

    init(
        bus: Bus, core: TrackerCore, publisher: Publisher, ingest: IngestServer, context: ServiceContext
    ) {
        self.bus = bus
        self.core = core
        self.publisher = publisher
        self.ingest = ingest
        self.context = context
        figures = TrackerFigures(context.metrics, simulators: core.streams.map(\.source))
        bookedLines = BookedLines(log: context.log)
    }

    /// - Parameter simulators: their endpoints, in the order of the core's streams.
    func start(_ simulators: [SimulatorAddress]) throws {
        for (stream, address) in zip(core.streams, simulators) {
            let feed = SimulatorFeed(stream, core: core, owner: self)
            try feed.start(bus, endpoint: address.trades, replayEndpoint: address.replay)
            feeds.append(feed)
        }
        ingest.onMessage = { [unowned self] message in self.core.arrived(message) }
        context.health.set("database", .ready)
        sayWhoIsHeard()
        bus.afterPoll { [unowned self] in self.turn() }
        bus.timer(every: Self.checkpointEvery) { [unowned self] in self.book() }
        bus.timer(every: Self.noticesEvery) { [unowned self] in
            self.attempt {
                if try self.core.bookRequeued() { self.bus.requestRound() }
                try self.countLetters()
            }
            self.notify()
        }
    }

    private func turn() {
        context.health.beat()
        for feed in feeds { feed.turn() }
        if core.hasWork, !isResting {
            let now = MonotonicTime.now()
            let milliseconds = max(1, Int((now - lastBatch) / .milliseconds(1)))
            lastBatch = now
            let isMany = core.waitingEvents > milliseconds * Self.manyPerMillisecond
            book()
            rest(isMany ? Self.bookManyEvery : Self.bookEvery)
        }
        if core.desk.hasWork || core.desk.releaseOverdue() || !core.advanced.isEmpty { bookIngest() }
        for feed in feeds { feed.turn() }
        ingest.setPaused(isWaiting || core.desk.mustPause)
        // One at a time while a message may be the one that kills: see `CrashGuard`.
        ingest.messagesPerTurn = core.crashGuard.isCareful ? 1 : MessagingLimit.ingestPerTurn
        figures.update(core, feeds, ingest)
    }

    func book() {
        guard !core.isIdle else { return }
        attempt { try core.book() }
    }

    /// What comes alone is booked at once, and what comes within this span after it together: it does not
    /// even wake this thread.
    private func rest(_ span: Duration) {
        isResting = true
        for feed in feeds { feed.isPatient = true }
        bus.timer(after: span) { [unowned self] in
            self.isResting = false
            for feed in self.feeds { feed.isPatient = false }
        }
    }

    private func bookIngest() {
        attempt {
            try core.bookIngest()
            if try core.bookFollowers() { bus.requestRound() }
        }
        sendAnswers()
    }

    /// Does something with the database. Trouble that passes closes the doors and is tried again after a
    /// pause that grows; any other ends the process, and the supervisor starts it again.
    private func attempt(_ work: () throws -> Void) {
        guard !isWaiting else { return }
        do {
            try work()
            wait = Self.shortestWait
            context.health.set("database", .ready)
        } catch let error as StoreError where error.isTransient {
            context.health.set("database", .failed(error.sentence))
            context.log.warning("the database does not take the trades: \(error.sentence)")
            isWaiting = true
            ingest.setPaused(true)
            bus.timer(after: wait) { [unowned self] in
                self.isWaiting = false
                self.book()
            }
            wait = min(wait * 2, Self.longestWait)
        } catch {
            failure = error
            bus.stop()
        }
        figures.update(core, feeds, ingest)
    }

    private func sendAnswers() {
        for one in core.takeAnswers() {
            answer.reset()
            one.write(into: &answer)
            answer.withBytes { ingest.answer($0, to: one.peer) }
        }
    }

    // MARK: Notices

    private func countLetters() throws {
        let now = MonotonicTime.now()
        let pause =
            core.letterBox.figures.rows > Self.manyLetters ? Self.manyCountsEvery : Self.countsEvery
        if let countedAt, now - countedAt < pause { return }
        countedAt = now
        try core.confirmCheckpoint()
        let wasOver = core.letterBox.isOverLimit
        try core.refreshLetterBox()
        guard core.letterBox.isOverLimit else { return context.health.set("dead letters", .ready) }
        let sentence =
            "\(core.letterBox.figures.rows) dead letters, of which at most \(core.letterBox.maximumRows) are"
            + " kept with ease: deal with them by `trading-robot dead-letters`"
        context.health.set("dead letters", .degraded(sentence))
        if !wasOver { context.log.error("\(sentence)") }
    }

    private func notify() {
        let header = publisher.header
        for event in core.takeChanged() {
            let topic = topicNumber("performance/\(event.strategyID)/")
            publisher.append(topic: topic) { stamp, json in
                event.encode(header: header, stamp: stamp, into: &json)
            }
        }
        for kept in core.takeNewLetters() {
            let letter = kept.letter
            let notice = DeadLetterNotice(
                id: "\(kept.id)", reason: letter.reason.rawValue, sentence: letter.sentence,
                stage: letter.stage.rawValue, count: kept.count, firstSeen: kept.firstSeen,
                lastSeen: letter.seen)
            publisher.append(topic: topicNumber("dead-letter/\(letter.reason.rawValue)/")) { stamp, json in
                notice.encode(header: header, stamp: stamp, into: &json)
            }
        }
        publisher.flush()
        bookedLines.look(booked: core.counts.booked, at: .now())
        sayWhoIsHeard()
    }

    /// One component of health a simulator.
    private func sayWhoIsHeard() {
        for (place, feed) in feeds.enumerated() {
            let name = place == 0 ? "trades" : "trades of \(feed.stream.source)"
            if let failure = feed.stream.failure {
                context.health.set(name, .failed(failure))
            } else {
                context.health.set(
                    name, feed.isHeard ? .ready : .starting("the simulator was not heard yet"))
            }
        }
    }

    private func topicNumber(_ topic: String) -> Int {
        if let known = topics[topic] { return known }
        let number = publisher.topicID(Array(topic.utf8))
        topics[topic] = number
        return number
    }

    // MARK: SimulatorFeedOwner

    /// The only simulator ends the process with it, so that somebody looks; of several the others go on.
    func stopped(_ feed: SimulatorFeed, _ failure: FeedFailure) {
        guard feeds.count > 1 else {
            self.failure = failure
            return bus.stop()
        }
        context.log.error("simulator \(feed.stream.source) is not followed any further: \(failure)")
        feed.stream.stop(failure.description)
        sayWhoIsHeard()
    }
}
