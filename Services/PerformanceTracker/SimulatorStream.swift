// What has come of one simulator and is not booked yet, with its checkpoint and its epoch. Each simulator has
// one of its own; nothing here knows the database.

import Contracts
import Persistence

final class SimulatorStream {
    /// Events waiting to be booked; beyond it the feed pauses.
    static let maximumWaiting = 65_536
    /// Events of one transaction.
    static let batchEvents = 4_096

    /// An event, and its message in `originals`.
    struct Arrival {
        var seq: UInt64
        var event: LedgerEvent
        fileprivate var original: Range<Int>
    }

    /// What is booked together, and how far the simulator is handled with it.
    struct Part {
        var arrivals: ArraySlice<Arrival>
        var letters: [DeadLetter]
        var last: UInt64
    }

    /// Instance name of the simulator.
    let source: String
    private(set) var epoch = ""
    /// Everything up to here has arrived, and what of it is booked.
    private(set) var complete: UInt64 = 0
    private(set) var booked: UInt64 = 0
    /// Batches known to be in the database.
    private(set) var batches: UInt64 = 0
    /// Why it is not followed any more, while others are.
    private(set) var failure: String?
    private var arrivals: [Arrival] = []
    /// Those before it are booked.
    private var first = 0
    /// The messages of `arrivals` side by side, for the few that become dead letters.
    private var originals: [UInt8] = []
    private var letters: [DeadLetter] = []
    /// `arrivals` ascend by seq. After a repair events of different topics may come out of order.
    private var isOrdered = true

    init(source: String, checkpoint: Checkpoint?) {
        self.source = source
        guard let checkpoint else { return }
        epoch = checkpoint.epoch
        complete = checkpoint.seq
        booked = checkpoint.seq
        batches = checkpoint.batches
    }

    /// The epoch followed so far; nil before the first booking.
    var followedEpoch: String? { epoch.isEmpty ? nil : epoch }
    /// Events that wait to be booked.
    var waiting: Int { arrivals.count - first }
    var mustPause: Bool { waiting >= Self.maximumWaiting }
    var hasWork: Bool { waiting > 0 || !letters.isEmpty }
    var isIdle: Bool { failure != nil || (!hasWork && booked >= complete) }
    /// Whether there is something to book. Trades are booked under the journal that they came of.
    var isReady: Bool { failure == nil && !epoch.isEmpty && (hasWork || booked < complete) }

    // MARK: Arriving

    func arrived(_ event: LedgerEvent, seq: UInt64, json: UnsafeRawBufferPointer) {
        if let last = arrivals.last, last.seq > seq { isOrdered = false }
        let start = originals.count
        originals.append(contentsOf: json)
        arrivals.append(Arrival(seq: seq, event: event, original: start..<originals.count))
    }

    func arrivedComplete(_ seq: UInt64, epoch: String) {
        complete = max(complete, seq)
        self.epoch = epoch
    }

    func arrived(_ letter: DeadLetter) { letters.append(letter) }

    func original(of arrival: Arrival) -> [UInt8] { Array(originals[arrival.original]) }

    func stop(_ sentence: String) { failure = sentence }

    // MARK: Booking

    func nextPart() -> Part {
        if !isOrdered {
            arrivals[first...].sort { $0.seq < $1.seq }
            isOrdered = true
        }
        let end = min(arrivals.count, first + Self.batchEvents)
        let waiting = end < arrivals.count ? arrivals[end].seq - 1 : complete
        return Part(arrivals: arrivals[first..<end], letters: letters, last: min(complete, waiting))
    }

    /// Everything of its source up to here is in the database, which counts so many batches.
    func noteBooked(through seq: UInt64, batches: UInt64) {
        booked = max(booked, seq)
        self.batches = max(self.batches, batches)
    }

    func finish(_ part: Part) {
        first += part.arrivals.count
        letters.removeFirst(part.letters.count)
        guard first == arrivals.count else { return }
        first = 0
        arrivals.removeAll(keepingCapacity: true)
        originals.removeAll(keepingCapacity: true)
    }
}
