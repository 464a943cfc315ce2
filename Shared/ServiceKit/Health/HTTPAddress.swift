// Where an HTTP server is: `http://127.0.0.1:9101`.

/// Host and port of an `http://` endpoint.
package struct HTTPAddress: Equatable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: Int
    /// The host of everything that nobody put elsewhere: reachable from this machine only.
    package static let loopback = "127.0.0.1"

    package init(host: String = HTTPAddress.loopback, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `http://HOST:PORT`, with or without `http://` and a slash at the end; nil for anything else.
    package init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("http://") { rest = rest.dropFirst(7) }
        if rest.last == "/" { rest = rest.dropLast() }
        guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]) else {
            return nil
        }
        let host = rest[..<colon]
        guard (0...65_535).contains(port), !host.isEmpty, !host.contains("/"), !host.contains(":") else {
            return nil
        }
        self.init(host: String(host), port: port)
    }

    package var description: String { "http://\(host):\(port)" }
}
