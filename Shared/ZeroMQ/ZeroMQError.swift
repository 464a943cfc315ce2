// What can go wrong between us and libzmq, each as one sentence that says what to do about it. Results that
// are part of the work (nothing there yet, peer gone, context terminated) are values, see `Transfer`.

import CZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A refused operation of libzmq.
package struct ZeroMQError: Error, Equatable, CustomStringConvertible {
    /// What happened, for code that decides.
    package enum Code: Sendable, Equatable {
        /// Another process holds the address.
        case addressInUse
        /// No interface of this machine has the address.
        case addressNotAvailable
        /// Not an endpoint that libzmq understands.
        case invalidEndpoint
        /// Too many sockets or file descriptors.
        case outOfResources
        /// The file system refused the path of an `ipc://` endpoint.
        case notPermitted
        /// The context has been terminated.
        case terminated
        /// Anything else, as the system's number.
        case system(Int32)
    }

    package let code: Code
    /// One sentence: what is wrong, where, what to do.
    package let description: String

    package init(code: Code, description: String) {
        self.code = code
        self.description = description
    }

    /// The error of the call just made on this thread, about an endpoint.
    static func last(_ action: String, endpoint: String) -> ZeroMQError {
        let number = zmq_errno()
        switch number {
        case EADDRINUSE:
            return ZeroMQError(
                code: .addressInUse,
                description: "cannot \(action) \(endpoint): another process holds this address; "
                    + "stop that process, or move all ports together with --base-port")
        case EADDRNOTAVAIL, ENODEV:
            return ZeroMQError(
                code: .addressNotAvailable,
                description: "cannot \(action) \(endpoint): no network interface here has this address; "
                    + "use 127.0.0.1 or one of this machine's addresses")
        case EINVAL, EPROTONOSUPPORT, ENOCOMPATPROTO:
            return ZeroMQError(
                code: .invalidEndpoint,
                description: "cannot \(action) \(endpoint): this is not an endpoint; "
                    + "write tcp://HOST:PORT or ipc://PATH")
        case ENAMETOOLONG:
            return ZeroMQError(
                code: .invalidEndpoint,
                description: "cannot \(action) \(endpoint): the path is longer than the 107 bytes that a "
                    + "local socket may have; choose a shorter --data-dir")
        case EACCES, EPERM, ENOENT, EROFS:
            return ZeroMQError(
                code: .notPermitted,
                description: "cannot \(action) \(endpoint): \(text(of: number)); "
                    + "choose a port above 1023, or a folder that exists and may be written")
        default:
            return last("\(action) \(endpoint)")
        }
    }

    /// The error of the call just made on this thread.
    static func last(_ action: String) -> ZeroMQError {
        let number = zmq_errno()
        switch number {
        case zeroMQTerminated:
            return ZeroMQError(code: .terminated, description: "cannot \(action): the process is stopping")
        case EMFILE, ENFILE, ENOMEM:
            return ZeroMQError(
                code: .outOfResources,
                description:
                    "cannot \(action): \(text(of: number)); raise the limit of open files (ulimit -n)")
        default:
            return ZeroMQError(code: .system(number), description: "cannot \(action): \(text(of: number))")
        }
    }

    static func text(of number: Int32) -> String { String(cString: zmq_strerror(number)) }
}

/// `ETERM`: the context is being terminated. Spelled out because a macro that is a sum of macros is not
/// imported by every compiler version.
let zeroMQTerminated: Int32 = ZMQ_HAUSNUMERO + 53
