// `trading-robot doctor`: what is missing or wrong on this machine, and the command that mends it.

import Contracts
import Foundation
import Messaging
import Persistence
import ServiceKit
import StrategyHost

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One thing that was looked at.
private struct Finding {
    enum Verdict: String { case good = "ok", wrong = "WRONG", note = "note" }
    var verdict: Verdict
    var sentence: String
}

let doctorCommand = Command(
    "doctor", "Says what is missing or wrong on this machine, and the command that mends it.",
    settings: [
        CommonSettings.dataDirectory.declaration, StackSettings.database.declaration,
    ] + StrategySettings.pluginDeclarations
) { context in
    let settings = context.settings
    let folder = settings[CommonSettings.dataDirectory]
    var findings = [executables(), openFiles()]
    findings += plugins(StrategySettings.folders(settings)) + sandbox()
    findings += dataFolder(folder, database: StackSettings.databaseLocation(settings))
    findings += stack(folder)
    for finding in findings { writeToStandardOutput("\(finding.verdict.rawValue): \(finding.sentence)\n") }
    return findings.contains { $0.verdict == .wrong } ? .failed : .done
}

private func executables() -> Finding {
    let folder = PluginFolders.executableFolder ?? "."
    let names = [
        "market-data-gateway", "order-simulator", "performance-tracker", "strategy-runner", "plugin-host",
    ]
    let missing = names.filter { access(folder + "/" + $0, X_OK) != 0 }
    return missing.isEmpty
        ? Finding(verdict: .good, sentence: "all services are in \(folder)")
        : Finding(
            verdict: .wrong, sentence: "\(missing.listed("and")) not found in \(folder): run `make build`")
}

private func openFiles() -> Finding {
    var limit = rlimit()
    #if canImport(Glibc)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    #else
        getrlimit(RLIMIT_NOFILE, &limit)
    #endif
    return limit.rlim_cur >= 1_024
        ? Finding(verdict: .good, sentence: "\(limit.rlim_cur) files may be open")
        : Finding(verdict: .wrong, sentence: "only \(limit.rlim_cur) files may be open: run `ulimit -n 4096`")
}

private func plugins(_ folders: PluginFolders) -> [Finding] {
    let listings = folders.list()
    let good = listings.compactMap { listing -> String? in
        guard case .success(let plugin) = listing.outcome else { return nil }
        return "\(plugin.metadata.id) \(plugin.metadata.version)"
    }
    var findings = [
        good.isEmpty
            ? Finding(verdict: .wrong, sentence: "no strategy plugin was found: run `make build`")
            : Finding(verdict: .good, sentence: "plugins: \(good.joined(separator: ", "))")
    ]
    for listing in listings {
        if case .failure(let error) = listing.outcome {
            findings.append(Finding(verdict: .wrong, sentence: "\(error)"))
        }
    }
    return findings
}

/// What this kernel enforces on a plugin in a process of its own, as `plugin-host` finds it.
private func sandbox() -> [Finding] {
    let host = Process()
    let output = Pipe()
    host.executableURL = URL(filePath: (PluginFolders.executableFolder ?? ".") + "/plugin-host")
    host.arguments = ["--probe"]
    host.standardOutput = output
    guard (try? host.run()) != nil else {
        return [Finding(verdict: .wrong, sentence: "plugin-host cannot be started: run `make build`")]
    }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    host.waitUntilExit()
    return text.split(separator: "\n").map { line in
        let isEnforced = line.hasPrefix("ok ")
        let what = line.drop { $0 != " " }.dropFirst()
        return Finding(
            verdict: isEnforced ? .good : .note,
            sentence: isEnforced
                ? "plugins are isolated by the kernel: \(what)"
                : "plugins are not isolated by this kernel: \(what)")
    }
}

private func dataFolder(_ folder: String, database: String) -> [Finding] {
    guard FileManager.default.fileExists(atPath: folder) else {
        return [
            Finding(verdict: .note, sentence: "\(folder) does not exist yet: `trading-robot up` makes it")
        ]
    }
    var findings: [Finding] = []
    if access(folder, W_OK) != 0 {
        // A folder that is mounted to be looked at only, as beside the services in containers.
        guard errno == EROFS else {
            let sentence = "\(folder) cannot be written: choose another with --data-dir"
            return [Finding(verdict: .wrong, sentence: sentence)]
        }
        findings.append(Finding(verdict: .note, sentence: "\(folder) is mounted for reading only"))
    }
    for name in ["market-data", "orders"] where OpenedSource.isJournal(folder + "/" + name) {
        do throws(JournalError) {
            let report = try checkJournal(folder + "/" + name)
            let damage = report.damages.first.map { "\($0)" }
            findings.append(
                Finding(
                    verdict: report.isWhole ? .good : .wrong,
                    sentence: damage ?? "journal \(name): \(report.records) records, whole"))
        } catch {
            findings.append(Finding(verdict: .wrong, sentence: "\(error)"))
        }
    }
    let rejected = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/rejected")) ?? []
    for name in rejected.sorted() {
        let text = (try? String(contentsOfFile: folder + "/rejected/" + name, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").count
        findings.append(
            Finding(verdict: .note, sentence: "\(lines) rejected messages in \(folder)/rejected/\(name)"))
    }
    do {
        let store = try openStore(database, options: StoreOptions(access: .readOnly))
        let count = try store.strategies().count
        let letters = try store.deadLetterFigures().unresolved.values.reduce(0, +)
        try store.close()
        findings.append(
            Finding(verdict: .good, sentence: "database: \(count) strategies, \(letters) dead letters"))
        if letters > 0 {
            findings.append(
                Finding(
                    verdict: .note,
                    sentence: "\(letters) dead letters are open: `trading-robot dead-letters list`"))
        }
    } catch let error as StoreError where error.code == .missing {
        findings.append(Finding(verdict: .note, sentence: error.sentence))
    } catch {
        findings.append(Finding(verdict: .wrong, sentence: "\(sentence(for: error))"))
    }
    return findings
}

/// The services that run, if any.
private func stack(_ folder: String) -> [Finding] {
    guard let endpoints = try? Endpoints(dataDirectory: folder) else { return [] }
    let client = HealthClient()
    let services =
        [
            ("gateway", endpoints.gatewayHealth), ("simulator", endpoints.simulatorHealth),
            ("tracker", endpoints.trackerHealth),
        ] + endpoints.runnerHealth.enumerated().map { ("runner \($0 + 1)", $1) }
    return services.compactMap { name, endpoint in
        guard let address = HTTPAddress(endpoint), let answer = client.get("/health", at: address) else {
            return nil
        }
        let isWell = answer.status == 200
        let body = answer.body.trimmingCharacters(in: .whitespacesAndNewlines)
        return Finding(verdict: isWell ? .good : .wrong, sentence: "\(name) runs at \(endpoint): \(body)")
    }
}
