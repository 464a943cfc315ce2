// The reactor of a process: one thread that owns all sockets and sits in one poll.
//
// It guarantees: handlers, timers, posted work and `afterPoll` run on the bus thread, one at a time; a round
// is due timers, posted work, ready handlers in the order in which they were registered, then the `afterPoll`
// hooks once. Nothing is polled busily: without work the thread sleeps until a socket, a timer or another
// thread wakes it. `run` returns after `stop` or when the context was shut down, with all sockets closed and
// the context freed.
//
// Cost: a round is one system call and about a microsecond beside its handlers.

import Synchronization
import ZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One bus a process, or one a test.
///
/// @unchecked Sendable: `post` and `stop` work on a lock; everything else is confined to one thread (the one
/// that polls), which is checked.
package final class Bus: @unchecked Sendable {
    /// The name of a timer or a watch, to take it back.
    package struct Token: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Watch {
        let token: Token
        let socket: Socket?
        let descriptor: Int32
        var interest: Readiness
        var isPatient = false
        let handler: (Readiness) -> Void
    }

    private struct Inbox {
        var work: [@Sendable () -> Void] = []
        var isStopping = false
        var isClosed = false
    }

    /// The context of all sockets here.
    package let context: Context

    private let wake: WakePipe
    private let inbox = Mutex(Inbox())
    private let pollSet = PollSet()
    private var watches: [Watch] = []
    /// What the poll waits for, in its order; differs from `watches` while handlers change them.
    private var polled: [Watch] = []
    private var isChanged = true
    private var timers = TimerQueue()
    private var hooks: [() -> Void] = []
    private var stopHooks: [() -> Void] = []
    private var sockets: [Socket] = []
    private var lastToken: UInt64 = 0
    private var wantsRound = false
    /// When the last round began that had something to do.
    private var lastRound = MonotonicTime(nanoseconds: 0)
    private var thread: ThreadIdentity?

    package init() throws(ZeroMQError) {
        context = try Context()
        wake = try WakePipe()
    }

    deinit { close() }

    // MARK: Any thread

    /// Runs work on the bus thread, in order. False when `MessagingLimit.postedWork` wait already or the bus
    /// has stopped: then it never runs.
    @discardableResult
    package func post(_ work: @escaping @Sendable () -> Void) -> Bool {
        inbox.withLock { inbox in
            guard !inbox.isStopping, inbox.work.count < MessagingLimit.postedWork else { return false }
            inbox.work.append(work)
            // Under the lock, so that the pipe is never closed in between.
            if inbox.work.count == 1 { wake.signal() }
            return true
        }
    }

    /// Ends `run` after the round under way. Idempotent.
    package func stop() {
        inbox.withLock { inbox in
            guard !inbox.isStopping else { return }
            inbox.isStopping = true
            wake.signal()
        }
    }

    /// Whether `stop` was called or the context was shut down.
    package var isStopping: Bool { inbox.withLock { $0.isStopping } }

    // MARK: Sockets and descriptors

    /// A socket that is closed with the bus at the latest.
    package func socket(_ kind: Socket.Kind) throws(ZeroMQError) -> Socket {
        confine()
        sockets.removeAll { $0.isClosed }
        let socket = try context.socket(kind)
        sockets.append(socket)
        return socket
    }

    /// The connection events of a socket, closed with the bus at the latest.
    package func monitor(_ socket: Socket) throws(ZeroMQError) -> ConnectionMonitor {
        confine()
        let monitor = try ConnectionMonitor(socket, context: context)
        sockets.append(monitor.socket)
        return monitor
    }

    /// Calls the handler in every round in which the socket is ready. It should take at most
    /// `MessagingLimit.messagesPerTurn` messages: what is left is reported again at once.
    @discardableResult
    package func watch(
        _ socket: Socket, for interest: Readiness = .readable, _ handler: @escaping (Readiness) -> Void
    ) -> Token {
        add { Watch(token: $0, socket: socket, descriptor: 0, interest: interest, handler: handler) }
    }

    /// As above, for a pipe or a child's standard output. `.failed` is reported without being asked for.
    @discardableResult
    package func watch(
        descriptor: Int32, for interest: Readiness = .readable, _ handler: @escaping (Readiness) -> Void
    ) -> Token {
        add { Watch(token: $0, socket: nil, descriptor: descriptor, interest: interest, handler: handler) }
    }

    /// Changes what is waited for; an empty set pauses a watch.
    package func setInterest(_ interest: Readiness, of token: Token) {
        confine()
        guard let index = watches.firstIndex(where: { $0.token == token }),
            watches[index].interest != interest
        else { return }
        watches[index].interest = interest
        isChanged = true
    }

    /// Says whether what comes on a watched socket can wait for the next round that something else begins: a
    /// thread that is not woken for each message leaves the processor to those for whom it is urgent.
    package func setPatient(_ isPatient: Bool, of token: Token) {
        confine()
        guard let index = watches.firstIndex(where: { $0.token == token }),
            watches[index].isPatient != isPatient
        else { return }
        watches[index].isPatient = isPatient
        guard !isChanged, let place = polled.firstIndex(where: { $0.token == token }) else { return }
        pollSet.setPatient(isPatient, at: place + 1)
    }

    /// Takes a watch back; its handler is not called again, in the round under way neither.
    package func unwatch(_ token: Token) {
        confine()
        watches.removeAll { $0.token == token }
        isChanged = true
    }

    private func add(_ make: (Token) -> Watch) -> Token {
        confine()
        precondition(
            watches.count < MessagingLimit.watches, "a bus watches at most \(MessagingLimit.watches)")
        let token = newToken()
        watches.append(make(token))
        isChanged = true
        return token
    }

    // MARK: Timers and hooks

    /// Fires once after the span.
    @discardableResult
    package func timer(after span: Duration, _ fire: @escaping () -> Void) -> Token {
        timer(after: span, every: nil, fire)
    }

    /// Fires again and again. A late one is not made up for: the next is a full span after it.
    @discardableResult
    package func timer(every span: Duration, _ fire: @escaping () -> Void) -> Token {
        timer(after: span, every: span, fire)
    }

    /// Takes a timer back.
    package func cancel(_ token: Token) {
        confine()
        timers.remove(token.number)
    }

    private func timer(after span: Duration, every: Duration?, _ fire: @escaping () -> Void) -> Token {
        confine()
        let token = newToken()
        timers.add(token.number, due: .now() + span, every: every, fire)
        return token
    }

    /// Called once after each round of handlers, in order of registration. Services send their batches here.
    package func afterPoll(_ hook: @escaping () -> Void) {
        confine()
        hooks.append(hook)
    }

    /// Called once when the bus stops, before the sockets are closed: last records go to the journal here.
    package func onStop(_ hook: @escaping () -> Void) {
        confine()
        stopHooks.append(hook)
    }

    /// Makes the next round come at once: something is left to do that no socket tells.
    package func requestRound() { wantsRound = true }

    /// Rounds begin at least so far apart, so that what comes in between is handled together. For a service
    /// that nobody waits for; zero, the default, is for all others.
    package var roundInterval = Duration.zero

    // MARK: Running

    /// Polls until `stop` or the end of the context, then closes everything. The calling thread becomes the
    /// bus thread.
    package func run() {
        while poll() {}
        close()
    }

    /// One round; waits for something to do at most this long (nil: as long as it takes). False when it is
    /// time to stop. For tests and for loops of their own; `close` must follow.
    @discardableResult
    package func poll(timeout: Duration? = nil) -> Bool {
        if thread == nil { thread = .current }
        confine()
        guard !isStopping else { return false }
        if isChanged { rebuild() }
        keepInterval()
        switch pollSet.wait(milliseconds: waitMilliseconds(timeout)) {
        case .terminated:
            stop()
            return false
        case .ready(let count):
            wantsRound = false
            if count > 0, pollSet.readiness(at: 0) != [] { runPosted() }
            let now = MonotonicTime.now()
            if count > 0 { lastRound = now }
            while let fire = timers.takeFirst(dueBy: now) { fire() }
            if count > 0 { dispatch() }
            for hook in hooks { hook() }
        }
        return !isStopping
    }

    /// Sleeps until the interval since the last round is over.
    private func keepInterval() {
        guard roundInterval > .zero, !wantsRound else { return }
        let left = (lastRound + roundInterval - MonotonicTime.now()).wholeNanoseconds
        guard left > 0 else { return }
        var span = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
        nanosleep(&span, nil)
    }

    /// Runs the stop hooks, closes all sockets and frees the context. Idempotent.
    package func close() {
        let isFirst = inbox.withLock { inbox in
            defer {
                inbox.isClosed = true
                inbox.isStopping = true
                inbox.work = []
            }
            return !inbox.isClosed
        }
        guard isFirst else { return }
        for hook in stopHooks { hook() }
        // A socket that somebody forgot to make through the bus must not keep `terminate` waiting for work.
        context.shutdown()
        for socket in sockets { socket.close() }
        // Handlers hold whoever registered them: let go, so that nothing is kept alive in a circle.
        (sockets, watches, polled, hooks, stopHooks) = ([], [], [], [], [])
        pollSet.removeAll()
        timers = TimerQueue()
        context.terminate()
    }

    private func rebuild() {
        polled = watches.filter { !$0.interest.isEmpty && $0.socket?.isClosed != true }
        pollSet.removeAll()
        pollSet.add(descriptor: wake.reading, for: .readable)
        for watch in polled {
            if let socket = watch.socket {
                pollSet.add(socket, for: watch.interest)
                pollSet.setPatient(watch.isPatient, at: pollSet.count - 1)
            } else {
                pollSet.add(descriptor: watch.descriptor, for: watch.interest)
            }
        }
        isChanged = false
    }

    private func dispatch() {
        for (index, watch) in polled.enumerated() {
            let readiness = pollSet.readiness(at: index + 1)
            guard readiness != [] else { continue }
            // A handler before this one may have taken the watch back or paused it.
            if isChanged {
                guard let now = watches.first(where: { $0.token == watch.token }), !now.interest.isEmpty,
                    now.socket?.isClosed != true
                else { continue }
            }
            watch.handler(readiness)
        }
    }

    private func runPosted() {
        let work = inbox.withLock { inbox in
            wake.drain()
            defer { inbox.work = [] }
            return inbox.work
        }
        for piece in work { piece() }
    }

    /// Rounded up: a timer that is due in half a millisecond must not make the poll spin.
    private func waitMilliseconds(_ timeout: Duration?) -> Int {
        if wantsRound { return 0 }
        var wait = timeout.map(\.wholeNanoseconds)
        if let due = timers.nextDue {
            let left = max(0, (due - .now()).wholeNanoseconds)
            wait = min(wait ?? left, left)
        }
        guard let wait else { return -1 }
        return Int((max(0, wait) + 999_999) / 1_000_000)
    }

    private func newToken() -> Token {
        lastToken += 1
        return Token(number: lastToken)
    }

    /// Holds everything to one thread. Setting up may be done by another thread before the first poll.
    private func confine() {
        guard let thread else { return }
        precondition(thread == .current, "a bus is used by its own thread only, except post and stop")
    }
}
