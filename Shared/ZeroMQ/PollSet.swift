// Waiting for sockets and file descriptors together. The set is rebuilt only when it changes; a wait
// allocates nothing. Level-triggered: what is not drained is reported again by the next wait.

import CZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What to wait for, and what was found.
package struct Readiness: OptionSet, Sendable {
    package var rawValue: Int16
    package init(rawValue: Int16) { self.rawValue = rawValue }
    package static let readable = Readiness(rawValue: Int16(ZMQ_POLLIN))
    package static let writable = Readiness(rawValue: Int16(ZMQ_POLLOUT))
    /// Of a file descriptor: error or hang-up. Always waited for.
    package static let failed = Readiness(rawValue: Int16(ZMQ_POLLERR))
}

/// Sockets and descriptors to wait for on one thread.
///
/// Not `zmq_poll`: that asks every socket twice a wait, each time with a system call or two, which on a path
/// of many small messages costs more than the messages. Here a socket is asked only when its descriptor says
/// that something has happened, or when it was used since it was last asked: libzmq's descriptor is
/// edge-triggered, and using a socket may take the edge. As a safeguard all are asked now and then.
package final class PollSet {
    /// What ended a wait.
    package enum Outcome: Sendable, Equatable {
        /// So many entries are ready; 0 when the time was up or a signal came.
        case ready(Int)
        /// The context of one of the sockets is being terminated.
        case terminated
    }

    private struct Entry {
        let socket: Socket?
        let interest: Readiness
        var found: Readiness = []
        /// The descriptor to wait for, while the entry is patient kept only here.
        let descriptor: Int32
        var isPatient = false
    }

    /// All sockets are asked at least this often, in nanoseconds.
    private static let askAll: Int64 = 100_000_000

    @exclusivity(unchecked) private var entries: [Entry] = []
    @exclusivity(unchecked) private var descriptors: [pollfd] = []
    /// When; a test sets the end of time, and only edges count.
    var askedAll: Int64 = 0

    package init() {}

    package var count: Int { entries.count }

    package func removeAll() {
        entries.removeAll(keepingCapacity: true)
        descriptors.removeAll(keepingCapacity: true)
    }

    /// Adds a socket; its index is the number of entries before it.
    package func add(_ socket: Socket, for interest: Readiness) {
        socket.wasUsed = true
        let descriptor = socket.descriptor
        entries.append(Entry(socket: socket, interest: interest, descriptor: descriptor))
        descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }

    /// Adds a file descriptor.
    package func add(descriptor: Int32, for interest: Readiness) {
        entries.append(Entry(socket: nil, interest: interest.union(.failed), descriptor: descriptor))
        var events: Int16 = 0
        if interest.contains(.readable) { events |= Int16(POLLIN) }
        if interest.contains(.writable) { events |= Int16(POLLOUT) }
        descriptors.append(pollfd(fd: descriptor, events: events, revents: 0))
    }

    /// Whether what comes on this socket can wait: alone it never ends a wait, and is found by the next one
    /// that something else or the time ends. Costs nothing when nothing changes.
    package func setPatient(_ isPatient: Bool, at index: Int) {
        guard entries[index].isPatient != isPatient, entries[index].socket != nil else { return }
        entries[index].isPatient = isPatient
        // A negative descriptor is one that poll leaves out.
        descriptors[index].fd = isPatient ? -1 : entries[index].descriptor
        descriptors[index].revents = 0
    }

    /// What the last wait found for an entry.
    package func readiness(at index: Int) -> Readiness { entries[index].found }

    /// Waits at most so many milliseconds; negative is for ever, 0 only looks.
    package func wait(milliseconds: Int) -> Outcome {
        let now = Self.nanoseconds()
        let all = now - askedAll >= Self.askAll
        if all { askedAll = now }
        var ready = 0
        for index in entries.indices {
            entries[index].found = []
            // Room in a queue is known to nobody but libzmq.
            let mustAsk = all || entries[index].interest.contains(.writable)
            guard let socket = entries[index].socket, mustAsk || socket.wasUsed else { continue }
            guard ask(index, socket) else { return .terminated }
            if !entries[index].found.isEmpty { ready += 1 }
        }
        let time = ready > 0 ? 0 : Int32(clamping: milliseconds)
        let count = poll(&descriptors, nfds_t(descriptors.count), time)
        guard count >= 0 else {
            precondition(errno == EINTR, "poll waits for valid descriptors")
            return .ready(ready)
        }
        if count > 0, !takeDescriptors(&ready) { return .terminated }
        if ready == 0 || count > 0, !takePatient(&ready) { return .terminated }
        return .ready(ready)
    }

    /// Asks the patient sockets, now that the wait is over; false when the context is being terminated.
    private func takePatient(_ ready: inout Int) -> Bool {
        for index in entries.indices where entries[index].isPatient && entries[index].found.isEmpty {
            guard let socket = entries[index].socket else { continue }
            guard ask(index, socket) else { return false }
            if !entries[index].found.isEmpty { ready += 1 }
        }
        return true
    }

    /// Looks at the descriptors that have something; false when the context is being terminated.
    private func takeDescriptors(_ ready: inout Int) -> Bool {
        for index in entries.indices where descriptors[index].revents != 0 {
            guard entries[index].found.isEmpty else { continue }
            if let socket = entries[index].socket {
                guard ask(index, socket) else { return false }
            } else {
                entries[index].found = Self.readiness(of: descriptors[index].revents)
            }
            if !entries[index].found.isEmpty { ready += 1 }
        }
        return true
    }

    /// Asks libzmq what the socket is ready for. What is ready is asked again by the next wait.
    private func ask(_ index: Int, _ socket: Socket) -> Bool {
        guard let events = socket.events else { return false }
        entries[index].found = Readiness(rawValue: Int16(truncatingIfNeeded: events))
            .intersection(entries[index].interest)
        socket.wasUsed = !entries[index].found.isEmpty
        return true
    }

    private static func readiness(of events: Int16) -> Readiness {
        var readiness: Readiness = []
        if events & Int16(POLLIN) != 0 { readiness.insert(.readable) }
        if events & Int16(POLLOUT) != 0 { readiness.insert(.writable) }
        if events & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { readiness.insert(.failed) }
        return readiness
    }

    private static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
