// The libzmq context of a process. `shutdown` may be called from any thread and makes every operation on its
// sockets end with `.terminated`; `terminate` frees it and waits until all its sockets are closed.

import CZeroMQ
import Synchronization

/// Owner of the I/O thread and of all sockets of a process.
///
/// Sendable: libzmq allows a context to be used by any thread, and the pointer itself is kept in a lock so
/// that nothing reaches it after it was freed.
package final class Context: Sendable {
    /// Sockets that one context may have; beyond it `socket` throws `.outOfResources`.
    package static let maximumSockets: Int32 = 1_023

    private let state: Mutex<State>

    /// A context with this many I/O threads; one carries about a gigabyte a second.
    package init(ioThreads: Int32 = 1) throws(ZeroMQError) {
        guard let raw = zmq_ctx_new() else { throw .last("make a messaging context") }
        zmq_ctx_set(raw, ZMQ_IO_THREADS, ioThreads)
        zmq_ctx_set(raw, ZMQ_MAX_SOCKETS, Self.maximumSockets)
        state = Mutex(State(raw: raw))
    }

    deinit { terminate() }

    /// A new socket, with `LINGER` 0: closing never waits, the truth is in the journal.
    package func socket(_ kind: Socket.Kind) throws(ZeroMQError) -> Socket {
        let raw = state.withLock { state -> UInt? in
            guard let raw = state.raw else { return nil }
            return UInt(bitPattern: zmq_socket(raw, kind.rawValue))
        }
        guard let raw else { throw ZeroMQError(code: .terminated, description: "the process is stopping") }
        guard let pointer = UnsafeMutableRawPointer(bitPattern: raw) else { throw .last("open a socket") }
        return Socket(raw: pointer, kind: kind, context: self)
    }

    /// Ends every operation under way and every later one on this context's sockets. From any thread, at
    /// once.
    package func shutdown() {
        state.withLock { state in
            if let raw = state.raw { zmq_ctx_shutdown(raw) }
        }
    }

    /// Frees the context. Waits until all of its sockets are closed; idempotent.
    package func terminate() {
        let raw = state.withLock { state -> UInt in
            let raw = UInt(bitPattern: state.raw)
            state.raw = nil
            return raw
        }
        guard let pointer = UnsafeMutableRawPointer(bitPattern: raw) else { return }
        while zmq_ctx_term(pointer) != 0, zmq_errno() == EINTR {}
    }

    /// Version of the library that is running, `4.3.4`.
    package static var libraryVersion: String {
        var major: Int32 = 0
        var minor: Int32 = 0
        var patch: Int32 = 0
        zmq_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// @unchecked: the pointer is only used under the lock, and libzmq's contexts are thread safe.
    private struct State: @unchecked Sendable {
        var raw: UnsafeMutableRawPointer?
    }
}
