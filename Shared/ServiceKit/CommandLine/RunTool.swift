// The main of a command-line tool: finds the command, runs it, and ends with 0, 1, 2 or 130.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif
import Foundation
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs the command that the process's arguments name.
package func runTool(
    _ root: Command, arguments: [String] = Array(CommandLine.arguments.dropFirst()),
    environment: [String: String] = ProcessInfo.processInfo.environment
) async -> Never {
    let stop = StopSignal()
    let chosen: CommandChoice
    do throws(WrongUse) {
        chosen = try root.choose(
            arguments[...], path: root.name, environment: environment)
    } catch {
        endWrongly(error, program: root.name)
    }
    switch chosen {
    case .help(let text):
        writeToStandardOutput(text)
        exit(ExitCode.done.rawValue)
    case .run(let command, let path, let settings):
        await trapToolSignals(stop)
        do {
            let code = try await command.run?(CommandContext(settings: settings, stop: stop)) ?? .done
            exit(stop.cause == .interrupted ? ExitCode.interrupted.rawValue : code.rawValue)
        } catch let error as WrongUse {
            endWrongly(error, program: path)
        } catch {
            writeToStandardError("\(path): \(sentence(for: error))\n")
            exit(stop.cause == .interrupted ? ExitCode.interrupted.rawValue : ExitCode.failed.rawValue)
        }
    }
}

/// As for services, but a command that registered nothing to stop is ended at once.
private func trapToolSignals(_ stop: StopSignal) async {
    await trapSignals(stop) { signal in
        if !stop.hasHandlers {
            _exit(signal == .interrupted ? ExitCode.interrupted.rawValue : 128 + SIGTERM)
        }
    }
}
