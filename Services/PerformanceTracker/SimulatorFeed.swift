// One simulator's trades, marks and orders as they come: read, and handed to its stream.
//
// While messages are handled one by one (see `CrashGuard`), each is booked before the next is looked at.

import Contracts
import Messaging
import Persistence

/// What a feed asks of the loop that owns it.
protocol SimulatorFeedOwner: AnyObject {
    /// Books what has come, now.
    func book()
    /// The feed has ended for good.
    func stopped(_ feed: SimulatorFeed, _ failure: FeedFailure)
}

final class SimulatorFeed: FeedReceiver {
    let stream: SimulatorStream
    private let core: TrackerCore
    private unowned let owner: any SimulatorFeedOwner
    private(set) var subscriber: Subscriber?
    private var decoded: LedgerEvent?
    /// Why the last message that was decoded is refused.
    private var refusal: Refusal?

    init(_ stream: SimulatorStream, core: TrackerCore, owner: any SimulatorFeedOwner) {
        self.stream = stream
        self.core = core
        self.owner = owner
    }

    func start(_ bus: Bus, endpoint: String, replayEndpoint: String) throws {
        var configuration = SubscriberConfiguration(endpoint: endpoint, replayEndpoint: replayEndpoint)
        configuration.prefixes = ["trade/", "equity/", "order/"].map { Array($0.utf8) }
        configuration.checkpoint = stream.booked
        configuration.epoch = stream.followedEpoch
        subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: self)
    }

    /// Whether what comes can wait until something else wakes the bus.
    var isPatient = false { didSet { subscriber?.isPatient = isPatient } }

    var isHeard: Bool { subscriber?.header != nil }

    /// Takes note of how far everything has come, and rests while too much waits.
    func turn() {
        noteComplete()
        guard stream.failure == nil else {
            subscriber?.close()
            return
        }
        if stream.mustPause { subscriber?.pause() } else { subscriber?.resume() }
    }

    /// The only number that may be stored: with prefixes, what was delivered may lie beyond a loss.
    private func noteComplete() {
        guard let complete = subscriber?.complete, let epoch = subscriber?.header?.epoch else { return }
        stream.arrivedComplete(complete, epoch: epoch)
    }

    // MARK: FeedReceiver

    func decode(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer) throws -> EventHead {
        do {
            if core.crashGuard.isCareful, !core.crashGuard.begin(json) { throw CrashGuard.refusal }
            refusal = nil
            let (head, event) = try LedgerEvent.decode(json)
            decoded = event
            return head
        } catch {
            refusal = Refusal(error, in: json)
            throw error
        }
    }

    func deliver(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, seq: UInt64) {
        guard let decoded else { preconditionFailure("a message is decoded before it is delivered") }
        stream.arrived(decoded, seq: seq, json: json)
        guard core.crashGuard.isCareful else { return }
        // What is caught up with is complete message by message: after a crash the next one is the first.
        noteComplete()
        owner.book()
        core.crashGuard.end()
    }

    func rejected(_ message: RejectedMessage) {
        guard message.isSkipped else { return }
        var why = refusal ?? Refusal(reason: .schemaViolation, stage: .receive, sentence: message.reason)
        if message.size > MessagingLimit.messageBytes {
            why = Refusal(reason: .oversize, stage: .receive, sentence: message.reason)
        }
        refusal = nil
        core.arrivedUnreadable(message, why, of: stream)
    }

    func stopped(_ failure: FeedFailure) { owner.stopped(self, failure) }
}
