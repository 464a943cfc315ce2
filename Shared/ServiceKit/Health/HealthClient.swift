// A GET to a health server, for the status line of `up`, for `doctor` and for `health`. It blocks its thread
// for at most the timeout (and the time that a host's name takes), and holds no connection.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An answer.
package struct HTTPAnswer: Equatable, Sendable {
    package var status: Int
    package var body: String
}

/// Asks health servers.
package struct HealthClient: Sendable {
    /// Largest answer that is read; a longer one counts as none.
    package static let maximumAnswerBytes = 16 << 20
    private let timeout: Duration

    package init(timeout: Duration = .milliseconds(500)) { self.timeout = timeout }

    /// The answer of `path`, nil when nobody answers in time. An address without a port is nobody.
    package func get(_ path: String, at address: HTTPAddress) -> HTTPAnswer? {
        let deadline = ContinuousClock.now + timeout
        let socket = LoopbackSocket.connected(
            host: address.host, port: address.port, milliseconds: Self.left(deadline))
        guard let socket else { return nil }
        let request = "GET \(path) HTTP/1.1\r\nHost: \(address.host)\r\nConnection: close\r\n\r\n"
        guard write(request, to: socket.descriptor) else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Self.maximumAnswerBytes {
            guard socket.wait(for: Int32(POLLIN), milliseconds: Self.left(deadline)) else { return nil }
            let count = buffer.withUnsafeMutableBytes { read(socket.descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return Self.parse(bytes) }
            if count < 0, errno != EINTR, errno != EAGAIN { return nil }
            bytes += buffer.prefix(max(0, count))
        }
        return nil
    }

    /// Whether the process at the address says that it is ready.
    package func isReady(_ address: HTTPAddress) -> Bool { get("/ready", at: address)?.status == 200 }

    /// The figures at the address, nil when nobody answers.
    package func metrics(_ address: HTTPAddress) -> PrometheusText? {
        guard let answer = get("/metrics", at: address), answer.status == 200 else { return nil }
        return PrometheusText(answer.body)
    }

    private static func left(_ deadline: ContinuousClock.Instant) -> Int32 {
        let left = ContinuousClock.now.duration(to: deadline).components
        guard left.seconds >= 0, left.attoseconds >= 0 else { return 0 }
        return Int32(clamping: left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000)
    }

    /// Status and body. Our servers send the length and close; a chunked body is not read.
    static func parse(_ bytes: [UInt8]) -> HTTPAnswer? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let split = text.firstRange(of: "\r\n\r\n") else { return nil }
        let words = text[..<split.lowerBound].prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        return HTTPAnswer(status: status, body: String(text[split.upperBound...]))
    }
}
