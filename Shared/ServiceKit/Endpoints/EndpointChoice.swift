// Which endpoints a stack gets: the customary ports, the same ones moved, any free ones, or sockets in the
// data folder.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How the services of one stack talk.
package enum Transport: String, CaseIterable, ScalarSettingValue { case tcp, ipc }

extension Endpoints {
    /// All ports moved together, each at its distance from 5550.
    ///
    /// - Parameter basePort: of market data; 0 takes any free ports, found by binding them all at once.
    /// - Throws: `WrongUse` when a port would leave 1 to 65535, `Failure` when no free ports can be had.
    package static func tcp(basePort: Int = standardBasePort, runners: Int = 0) throws -> Endpoints {
        basePort == 0 ? try free(runners: runners) : try moved(basePort: basePort)
    }

    private static func moved(basePort: Int) throws -> Endpoints {
        var endpoints = Endpoints()
        let shift = basePort - standardBasePort
        let highest = firstRunnerHealthPort + shift
        guard basePort > 0, highest <= 65_535 else {
            let limit = 65_535 - firstRunnerHealthPort + standardBasePort
            throw WrongUse("base-port is \(basePort); allowed is 0 (any free ports) or 1 to \(limit).")
        }
        for (_, field) in fields {
            let endpoint = endpoints[keyPath: field]
            endpoints[keyPath: field] = replacingPort(of: endpoint) { $0 + shift }
        }
        return endpoints
    }

    private static func free(runners: Int) throws -> Endpoints {
        var endpoints = Endpoints()
        var ports = try freePorts(fields.count + runners)
        for (_, field) in fields {
            let port = ports.removeFirst()
            endpoints[keyPath: field] = replacingPort(of: endpoints[keyPath: field]) { _ in port }
        }
        endpoints.runnerHealth = ports.map { HTTPAddress(port: $0).description }
        return endpoints
    }

    /// ZeroMQ through sockets under `DIR/ipc`; health stays on TCP.
    ///
    /// - Throws: `WrongUse` when the folder's path is too long for a socket.
    package static func ipc(
        dataDirectory: String, basePort: Int = standardBasePort, runners: Int = 0
    ) throws -> Endpoints {
        var endpoints = try tcp(basePort: basePort, runners: runners)
        let folder = URL(fileURLWithPath: dataDirectory).standardizedFileURL.path + "/ipc"
        for (name, field) in fields where endpoints[keyPath: field].hasPrefix("tcp://") {
            let path = folder + "/" + name.dropLast("-endpoint".count)
            guard path.utf8.count < maximumSocketPathBytes else {
                throw WrongUse(
                    "The socket path \(path) has \(path.utf8.count) bytes; fewer than "
                        + "\(maximumSocketPathBytes) are allowed. "
                        + "Use a shorter --data-dir, or --transport tcp."
                )
            }
            endpoints[keyPath: field] = "ipc://" + path
        }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return endpoints
    }

    private static func replacingPort(of endpoint: String, _ change: (Int) -> Int) -> String {
        guard let colon = endpoint.lastIndex(of: ":"),
            let port = Int(endpoint[endpoint.index(after: colon)...])
        else { preconditionFailure("a standard endpoint ends in a port: \(endpoint)") }
        return endpoint[...colon] + String(change(port))
    }
}

/// Ports that were free a moment ago, all different.
package func freePorts(_ count: Int) throws(Failure) -> [Int] {
    // All are held until the last is found, so that none is given out twice.
    var ports: [Int] = []
    func hold(_ left: Int) -> Bool {
        guard left > 0 else { return true }
        guard let socket = LoopbackSocket.bound(host: HTTPAddress.loopback, port: 0) else { return false }
        ports.append(socket.port)
        let rest = hold(left - 1)
        _ = socket.descriptor
        return rest
    }
    guard hold(count) else {
        throw Failure("no_free_ports", "No \(count) free ports were found on \(HTTPAddress.loopback).")
    }
    return ports
}
