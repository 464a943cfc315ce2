// The HTTP server of `/health`, `/ready` and `/metrics`. It runs on the event loop's threads, never on the
// bus thread. It listens on loopback unless the endpoint says otherwise.

import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization

/// What to do when the port is taken.
package enum TakenPort: Sendable {
    /// One sentence and exit.
    case refuse
    /// The next free one, at most this many further.
    case next(Int)
}

/// Serves the health and the figures of one process.
package struct HealthServer: Service {
    private let address: HTTPAddress
    private let application: Application<RouterResponder<BasicRequestContext>>

    /// - Parameters:
    ///   - address: port 0 takes any free one.
    ///   - started: called once with the address in use.
    /// - Throws: `Failure` (`port_taken`) with a sentence.
    package init(
        address: HTTPAddress, ifTaken: TakenPort, style: LogStyle, health: Health, metrics: MetricsRegistry,
        started: @escaping @Sendable (HTTPAddress) -> Void = { _ in }
    ) throws(Failure) {
        let chosen = try Self.freeAddress(from: address, ifTaken)
        self.address = chosen
        var quiet = Logger(label: "health")
        quiet.logLevel = .critical
        application = Application(
            responder: Self.router(style: style, health: health, metrics: metrics).buildResponder(),
            configuration: ApplicationConfiguration(
                address: .hostname(chosen.host, port: chosen.port), serverName: nil),
            onServerRunning: { channel in
                started(HTTPAddress(host: chosen.host, port: channel.localAddress?.port ?? chosen.port))
            },
            logger: quiet)
    }

    package func run() async throws {
        do {
            try await application.run()
        } catch is CancellationError {
            return
        } catch {
            throw Failure(
                "health_server",
                "The health server at \(address) failed (\(error)). "
                    + "Give another address with --health-endpoint."
            )
        }
    }

    private static func router(
        style: LogStyle, health: Health, metrics: MetricsRegistry
    ) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("health") { _, _ in
            let report = health.report()
            return answer(
                report.json(service: style.service, instance: style.instance), "application/json",
                report.isAlive ? .ok : .serviceUnavailable)
        }
        router.get("ready") { _, _ in
            let report = health.report()
            return answer(
                report.json(service: style.service, instance: style.instance), "application/json",
                report.isReady ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { _, _ in
            answer(metrics.text(), "text/plain; version=0.0.4; charset=utf-8", .ok)
        }
        return router
    }

    private static func answer(_ text: String, _ type: String, _ status: HTTPResponse.Status) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Tries to bind, so that a taken port is a sentence at start.
    private static func freeAddress(
        from address: HTTPAddress, _ ifTaken: TakenPort
    ) throws(Failure) -> HTTPAddress {
        guard address.port != 0 else { return address }
        var further = 0
        if case .next(let limit) = ifTaken { further = limit }
        for port in address.port...min(address.port + further, 65_535) {
            if LoopbackSocket.isFree(host: address.host, port: port) {
                return HTTPAddress(host: address.host, port: port)
            }
        }
        throw Failure(
            "port_taken",
            "The health port \(address.port) on \(address.host) is taken or not allowed. "
                + "Stop what uses it, or give another one with --health-endpoint.")
    }
}
