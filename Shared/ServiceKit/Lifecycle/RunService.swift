// Why all mains look alike: settings, logging, figures, health, signals, the bus thread, the end.
//
//     await runService(program) { context in
//         let bus = try Bus(…)                       // on the bus thread, which owns every socket
//         context.stop.onStop { bus.wake() }          // from another thread, once
//         context.health.set("market data", .ready)
//         try bus.run()                               // returns soon after the stop
//     }
//
// SIGTERM and SIGINT end the process with code 0 within two seconds; a second one ends it at once. An error
// is one sentence on standard error and code 1, wrong use code 2.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif
import Foundation
import Logging
import Metrics
import ServiceLifecycle
import UnixSignals
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a stop may take before the process ends regardless. Journals make that harmless.
private let stopLimit: TimeInterval = 1.8

/// Runs a service to its end. The body runs on the bus thread and blocks until it is stopped.
package func runService(
    _ program: ServiceProgram, arguments: [String] = Array(CommandLine.arguments.dropFirst()),
    environment: [String: String] = ProcessInfo.processInfo.environment,
    body: @escaping @Sendable (ServiceContext) throws -> Void
) async -> Never {
    let stop = StopSignal()
    await trapSignals(stop)
    let settings: Settings
    do throws(WrongUse) {
        let reader = SettingsReader(
            program.allSettings, tables: program.tables, tolerated: program.tolerated)
        let outcome = try reader.read(
            arguments: arguments, environment: environment)
        switch outcome {
        case .help:
            writeToStandardOutput(program.help)
            exit(ExitCode.done.rawValue)
        case .settings(let read): settings = read
        }
        guard settings.operands.isEmpty else {
            throw WrongUse("\"\(settings.operands[0])\" is not expected; settings are given as --name VALUE.")
        }
    } catch {
        // Nothing is known for certain yet; what the environment says is where containers say it.
        endWrongly(
            error, program: program.name, instance: program.source.declaration.standardText,
            format: environment[CommonSettings.logFormat.declaration.variable])
    }
    let style = LogStyle(
        service: program.name, instance: settings[program.source], format: settings[CommonSettings.logFormat])
    let log = Logger.service(style, level: settings[CommonSettings.logLevel])
    do {
        try await serve(program, settings, style, log, stop, body)
        exit(ExitCode.done.rawValue)
    } catch {
        if style.format == .json {
            log.critical("\(sentence(for: error))")
        } else {
            writeToStandardError("\(program.name): \(sentence(for: error))\n")
        }
        exit(error is WrongUse ? ExitCode.wrongUse.rawValue : ExitCode.failed.rawValue)
    }
}

private func serve(
    _ program: ServiceProgram, _ settings: Settings, _ style: LogStyle, _ log: Logger, _ stop: StopSignal,
    _ body: @escaping @Sendable (ServiceContext) throws -> Void
) async throws {
    let metrics = MetricsRegistry()
    metrics.addProcessFigures()
    MetricsSystem.bootstrap(PrometheusFactory(registry: metrics))
    let health = Health()
    health.set("bus", .starting("the thread has not started"))
    var (address, ifTaken) = program.health(settings)
    if let text = settings[CommonSettings.healthEndpoint], let given = HTTPAddress(text) {
        (address, ifTaken) = (given, .refuse)
    }
    let server = try HealthServer(
        address: address, ifTaken: ifTaken, style: style, health: health, metrics: metrics
    ) { log.info("health and metrics are served", metadata: ["endpoint": "\($0)"]) }
    let context = ServiceContext(
        settings: settings, instance: style.instance, isNamed: settings.isGiven(program.source), log: log,
        metrics: metrics, health: health, stop: stop)
    let bus = BusService(name: "bus", stop: stop) {
        guard !stop.isStopping else { return }
        health.set("bus", .ready)
        defer { health.stopBeating() }
        try body(context)
    }
    ParentWatch.start(settings[CommonSettings.parentProcess], stop: stop)
    stop.onStop { forceEnd(after: stopLimit, log: log) }
    try await runGroup([bus], beside: server, stop: stop)
    log.info("stopped", metadata: ["cause": "\(stop.cause ?? .asked)"])
}

/// Runs the services until one of them ends or `stop` stops; then all end.
package func runGroup(_ services: [any Service], beside server: any Service, stop: StopSignal) async throws {
    var quiet = Logger(label: "life cycle") { _ in SwiftLogNoOpLogHandler() }
    quiet.logLevel = .critical
    let all = ([server] + services).map {
        ServiceGroupConfiguration.ServiceConfiguration(
            service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .gracefullyShutdownGroup)
    }
    let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: all, logger: quiet))
    stop.onStop { Task { await group.triggerGracefulShutdown() } }
    try await group.run()
}

/// Stops at the first SIGTERM or SIGINT; ends the process at the second. A pipe that nobody reads is an
/// error of the write, not a signal.
func trapSignals(
    _ stop: StopSignal, before: @escaping @Sendable (StopSignal.Cause) -> Void = { _ in }
) async {
    signal(SIGPIPE, SIG_IGN)
    let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])
    Task.detached {
        for await signal in signals {
            if stop.isStopping { _exit(ExitCode.interrupted.rawValue) }
            let cause: StopSignal.Cause = signal == .sigint ? .interrupted : .asked
            before(cause)
            stop.stop(cause)
        }
    }
}

private func forceEnd(after seconds: TimeInterval, log: Logger) {
    let thread = Thread {
        Thread.sleep(forTimeInterval: seconds)
        log.error("not stopped in time; ending anyway, the journals are whole")
        _exit(ExitCode.failed.rawValue)
    }
    thread.start()
}

/// What a person reads of an error: its own sentence, never a dump of its type.
package func sentence(for error: any Error) -> String {
    let reflected = String(describing: error)
    return reflected.contains { $0.isNewline }
        ? reflected.split(whereSeparator: \.isNewline).joined(separator: " ") : reflected
}

/// Prints the sentences and where help is, and ends with code 2.
///
/// - Parameter format: of log lines; with `json` the sentences are such lines, for those that read them by
///   program.
package func endWrongly(
    _ error: WrongUse, program: String, instance: String = "", format: String? = nil
) -> Never {
    let sentences = error.sentences + ["see `\(program) --help`."]
    if format == LogFormat.json.rawValue {
        let style = LogStyle(service: program, instance: instance, format: .json)
        let log = Logger.service(style, level: .critical)
        for line in sentences { log.critical("\(line)") }
    } else {
        for line in sentences { writeToStandardError("\(program): \(line)\n") }
    }
    exit(ExitCode.wrongUse.rawValue)
}
