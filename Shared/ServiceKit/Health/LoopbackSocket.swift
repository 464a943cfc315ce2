// TCP sockets by hand, for the two things that need no framework: finding free ports, and one short GET.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

#if canImport(Glibc)
    private let streamType = Int32(SOCK_STREAM.rawValue)
#else
    private let streamType = SOCK_STREAM
#endif

/// A TCP socket that is closed when it goes out of scope. IPv4 only.
struct LoopbackSocket: ~Copyable {
    let descriptor: Int32

    private init?() {
        descriptor = socket(AF_INET, streamType, 0)
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit { close(descriptor) }

    /// A socket bound to the port (0: any free one); nil if it is taken or not allowed.
    static func bound(host: String, port: Int) -> LoopbackSocket? {
        guard let socket = LoopbackSocket(), var address = internetAddress(host, port) else { return nil }
        var yes: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let result = withSocketAddress(&address) { bind(socket.descriptor, $0, $1) }
        // With SO_REUSEADDR two sockets may be bound; only one may listen.
        guard result == 0, listen(socket.descriptor, 1) == 0 else { return nil }
        return socket
    }

    /// Whether a server could listen there now. A host name other than an address is not tried.
    static func isFree(host: String, port: Int) -> Bool {
        guard internetAddress(host, port) != nil else { return true }
        return bound(host: host, port: port) != nil
    }

    /// The port that the system chose.
    var port: Int {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return result == 0 ? Int(UInt16(bigEndian: address.sin_port)) : 0
    }

    /// A connected socket, nil when nobody answers in time. The host may be a name.
    static func connected(host: String, port: Int, milliseconds: Int32) -> LoopbackSocket? {
        guard let socket = LoopbackSocket(),
            var address = internetAddress(host, port) ?? lookedUp(host, port)
        else { return nil }
        let flags = fcntl(socket.descriptor, F_GETFL)
        _ = fcntl(socket.descriptor, F_SETFL, flags | O_NONBLOCK)
        let result = withSocketAddress(&address) { connect(socket.descriptor, $0, $1) }
        if result != 0 {
            guard errno == EINPROGRESS, socket.wait(for: POLLOUT, milliseconds: milliseconds) else {
                return nil
            }
            var failure: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(socket.descriptor, SOL_SOCKET, SO_ERROR, &failure, &length)
            guard failure == 0 else { return nil }
        }
        return socket
    }

    /// Waits until the socket can be read or written; false when the time is over.
    func wait(for event: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        while true {
            let count = poll(&entry, 1, milliseconds)
            if count >= 0 { return count == 1 }
            if errno != EINTR { return false }
        }
    }
}

private func internetAddress(_ host: String, _ port: Int) -> sockaddr_in? {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    let name = host == "localhost" ? HTTPAddress.loopback : host
    return inet_pton(AF_INET, name, &address.sin_addr) == 1 ? address : nil
}

/// The first address that a name stands for. Asks the system, which may ask the network.
private func lookedUp(_ host: String, _ port: Int) -> sockaddr_in? {
    var wanted = addrinfo()
    wanted.ai_family = AF_INET
    wanted.ai_socktype = streamType
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &wanted, &found) == 0 else { return nil }
    defer { freeaddrinfo(found) }
    // With AF_INET the bytes are those of `sockaddr_in`.
    return found?.pointee.ai_addr?.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee }
}

private func withSocketAddress<Result>(
    _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    // The C interface takes every address family as `sockaddr`; the bytes are those of `sockaddr_in`.
    withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
