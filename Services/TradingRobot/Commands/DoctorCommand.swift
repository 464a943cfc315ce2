// `trading-robot doctor`: what is missing or wrong on this machine, and the command that mends it.

import Contracts
import Foundation
import Messaging
import Persistence
import ServiceKit
import StrategyHost

/// One thing that was looked at.
struct Finding {
    enum Verdict: String { case good = "ok", wrong = "WRONG", note = "note" }
    var verdict: Verdict
    var sentence: String

    init(_ verdict: Verdict, _ sentence: String) {
        self.verdict = verdict
        self.sentence = sentence
    }
}

private let asJSON = Setting<Bool>("json", default: false, help: "One JSON object a line.")

let doctorCommand = Command(
    "doctor", "Says what is missing or wrong on this machine, and the command that mends it.",
    settings: [
        CommonSettings.dataDirectory.declaration, StackSettings.database.declaration, asJSON.declaration,
    ] + StrategySettings.pluginDeclarations
) { context in
    let settings = context.settings
    let folder = settings[CommonSettings.dataDirectory]
    var findings = [
        DoctorMachine.executables(), DoctorMachine.openFiles(), DoctorMachine.room(for: folder),
        DoctorMachine.python(),
    ]
    findings += DoctorMachine.sandbox() + plugins(StrategySettings.folders(settings))
    findings += dataFolder(folder, database: StackSettings.databaseLocation(settings))
    let services = stack(folder)
    findings += services.isEmpty ? [DoctorMachine.ports()] : services
    for finding in findings { writeToStandardOutput(line(finding, asJSON: settings[asJSON])) }
    return findings.contains { $0.verdict == .wrong } ? .failed : .done
}

private func line(_ finding: Finding, asJSON: Bool) -> String {
    guard asJSON else { return "\(finding.verdict.rawValue): \(finding.sentence)\n" }
    let object = JSONValue.object([
        .init("verdict", .string(finding.verdict.rawValue.lowercased())),
        .init("sentence", .string(finding.sentence)),
    ])
    return object.text + "\n"
}

private func plugins(_ folders: PluginFolders) -> [Finding] {
    let listings = folders.list()
    let good = listings.compactMap { listing -> String? in
        guard case .success(let plugin) = listing.outcome else { return nil }
        return "\(plugin.metadata.id) \(plugin.metadata.version)"
    }
    var findings = [
        good.isEmpty
            ? Finding(.wrong, "no strategy plugin was found: run `make build`")
            : Finding(.good, "plugins: \(good.joined(separator: ", "))")
    ]
    for listing in listings {
        if case .failure(let error) = listing.outcome {
            findings.append(Finding(.wrong, "\(error)"))
        }
    }
    return findings
}

private func dataFolder(_ folder: String, database: String) -> [Finding] {
    guard FileManager.default.fileExists(atPath: folder) else {
        return [
            Finding(.note, "\(folder) does not exist yet: `trading-robot up` makes it")
        ]
    }
    var findings: [Finding] = []
    if access(folder, W_OK) != 0 {
        // A folder that is mounted to be looked at only, as beside the services in containers.
        guard errno == EROFS else {
            let sentence = "\(folder) cannot be written: choose another with --data-dir"
            return [Finding(.wrong, sentence)]
        }
        findings.append(Finding(.note, "\(folder) is mounted for reading only"))
    }
    for name in ["market-data", "orders"] where OpenedSource.isJournal(folder + "/" + name) {
        do throws(JournalError) {
            let report = try checkJournal(folder + "/" + name)
            let damage = report.damages.first.map { "\($0)" }
            findings.append(
                Finding(
                    report.isWhole ? .good : .wrong,
                    damage ?? "journal \(name): \(report.records) records, whole"))
        } catch {
            findings.append(Finding(.wrong, "\(error)"))
        }
    }
    let rejected = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/rejected")) ?? []
    for name in rejected.sorted() {
        let text = (try? String(contentsOfFile: folder + "/rejected/" + name, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").count
        findings.append(
            Finding(.note, "\(lines) rejected messages in \(folder)/rejected/\(name)"))
    }
    do {
        let store = try openStore(database, options: StoreOptions(access: .readOnly))
        let count = try store.strategies().count
        let letters = try store.deadLetterFigures().unresolved.values.reduce(0, +)
        try store.close()
        findings.append(
            Finding(.good, "database: \(count) strategies, \(letters) dead letters"))
        if letters > 0 {
            findings.append(
                Finding(.note, "\(letters) dead letters are open: `trading-robot dead-letters list`"))
        }
    } catch let error as StoreError where error.code == .missing {
        findings.append(Finding(.note, error.sentence))
    } catch {
        findings.append(Finding(.wrong, "\(sentence(for: error))"))
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
        return Finding(isWell ? .good : .wrong, "\(name) runs at \(endpoint): \(body)")
    }
}
