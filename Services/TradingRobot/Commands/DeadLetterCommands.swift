// `trading-robot dead-letters`: what could not be booked, and what to do about it.
//
// These commands change what is noted about a dead letter, never the ledger: the tracker alone writes
// trades. A requeued message is taken by the running tracker, or by the next one that starts. Every command
// may be given again: what is done already is left as it is.

import Contracts
import Foundation
import Persistence
import ServiceKit

private let stateFilter = Setting<String>(
    "state", default: "open", placeholder: "open|requeued|booked|discarded|all",
    help: "Only those in this state.",
    allowed: { value throws(RefusedValue) in
        guard value == "all" || DeadLetterState(rawValue: value) != nil else {
            throw RefusedValue("open, requeued, booked, discarded or all")
        }
    })
private let reasonFilter = Setting<String?>(
    "reason", default: nil, placeholder: "CODE", help: "Only those with this reason.",
    allowed: { value throws(RefusedValue) in
        guard let value, DeadLetterReason(rawValue: value) == nil else { return }
        throw RefusedValue("one of " + DeadLetterReason.allCases.map(\.rawValue).joined(separator: ", "))
    })
private let sourceFilter = Setting<String?>(
    "source", default: nil, placeholder: "NAME", help: "Only those of this source.")
private let strategyFilter = Setting<String?>(
    "strategy", default: nil, placeholder: "ID", help: "Only those of this strategy.")
private let limit = Setting<Int>(
    "limit", default: 100, placeholder: "N", help: "Show at most so many.",
    allowed: Setting<Int>.within(1...1_000_000))
private let json = Setting<Bool>("json", default: false, help: "One JSON object a line.")
private let by = Setting<String?>(
    "by", default: nil, placeholder: "WHO", help: "Who does it, for the history; your user name if not given."
)
private let why = Setting<String>(
    "why", default: "", placeholder: "TEXT", help: "Why, for the history.")
private let dryRun = Setting<Bool>(
    "dry-run", default: false, help: "Say what would be done, and do nothing.")
private let rate = Setting<Int>(
    "rate", default: 0, placeholder: "N", help: "At most so many a second; 0: as fast as it goes.",
    allowed: Setting<Int>.within(0...1_000_000))
private let all = Setting<Bool>(
    "all", default: false, help: "All that are open, when neither ids nor a filter are given.")
private let file = Setting<String?>(
    "file", default: nil, placeholder: "PATH", help: "The new text; - for standard input.")
private let message = Setting<String?>(
    "message", default: nil, placeholder: "JSON", help: "The new text itself.")
private let output = Setting<String>(
    "output", default: "-", placeholder: "PATH", help: "Where to write; - for standard output.")

private let place = [CommonSettings.dataDirectory.declaration, StackSettings.database.declaration]
private let filters = [
    reasonFilter.declaration, sourceFilter.declaration, strategyFilter.declaration,
]
private let account = [by.declaration, why.declaration, dryRun.declaration, json.declaration]
private let ids = Operand(
    "ID", required: false, repeated: true, help: "Ids of dead letters; without them those of the filters.")

let deadLetterCommands = Command(
    "dead-letters", "Messages that could not be booked: look at them, mend them, give them back.",
    [listCommand, showCommand, editCommand, requeueCommand, discardCommand, exportCommand])

private let listCommand = Command(
    "list", "Lists dead letters, the oldest first.",
    settings: place + [stateFilter.declaration] + filters + [limit.declaration, json.declaration]
) { context in
    let settings = context.settings
    let store = try openLetters(settings, .readOnly)
    defer { try? store.close() }
    let records = try store.deadLetters(filter(settings), after: 0, limit: settings[limit])
    for record in records {
        let text = settings[json] ? DeadLetterText.json(record) : DeadLetterText.line(record)
        writeToStandardOutput(text + "\n")
    }
    if records.isEmpty, !settings[json] { writeToStandardError("There are none.\n") }
    return .done
}

private let showCommand = Command(
    "show", "Shows one dead letter: what came, why it was refused, what was done.",
    settings: place + [json.declaration], operands: [Operand("ID", help: "The id of a dead letter.")]
) { context in
    let store = try openLetters(context.settings, .readOnly)
    defer { try? store.close() }
    let id = try number(context.operands[0])
    guard let record = try store.deadLetter(id: id) else { throw missing(id) }
    let history = try store.history(ofDeadLetter: id)
    writeToStandardOutput(
        context.settings[json]
            ? DeadLetterText.json(record, history: history) + "\n" : DeadLetterText.page(record, history))
    return .done
}

private let editCommand = Command(
    "edit", "Puts another text beside the original; requeue then hands that to the tracker.",
    settings: place + [file.declaration, message.declaration] + account,
    operands: [Operand("ID", help: "The id of a dead letter.")]
) { context in
    let settings = context.settings
    let text = try newText(settings)
    if let problem = DeadLetterText.problem(with: text) {
        throw Failure("dead_letter_text", "the new text is no trade event: \(problem)")
    }
    let id = try number(context.operands[0])
    let store = try openLetters(settings, settings[dryRun] ? .readOnly : .readWrite)
    defer { try? store.close() }
    let report = Report(settings, done: "edited", would: "would be edited")
    let outcome = try perform(store, id, settings) {
        try store.edit(deadLetter: id, change(settings, .edited, content: text))
    }
    report.say(id, outcome)
    return report.code(for: [outcome])
}

private let requeueCommand = Command(
    "requeue", "Gives dead letters back to the tracker, which tries them again.",
    settings: place + filters + [all.declaration, rate.declaration] + account, operands: [ids]
) { context in
    try work(context, .requeued, done: "requeued", would: "would be requeued") { store, id, change in
        try store.requeue(deadLetter: id, change)
    }
}

private let discardCommand = Command(
    "discard", "Sets dead letters aside, for good; they stay readable. --why is needed.",
    settings: place + filters + [all.declaration, rate.declaration] + account, operands: [ids]
) { context in
    guard !context.settings[why].isEmpty else {
        throw WrongUse("discard needs --why: somebody will ask.")
    }
    return try work(context, .discarded, done: "discarded", would: "would be discarded") {
        store, id, change in
        try store.discard(deadLetter: id, change)
    }
}

private let exportCommand = Command(
    "export", "Writes dead letters with their bytes and their history, one JSON object a line.",
    settings: place + [stateFilter.declaration] + filters + [output.declaration]
) { context in
    let settings = context.settings
    let store = try openLetters(settings, .readOnly)
    defer { try? store.close() }
    let path = settings[output]
    var descriptor = STDOUT_FILENO
    if path != "-" {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else {
            throw Failure("output", "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }
    defer { if path != "-" { close(descriptor) } }
    var after: Int64 = 0
    while true {
        let page = try store.deadLetters(filter(settings), after: after, limit: 256)
        guard let last = page.last else { return .done }
        for record in page {
            let line = DeadLetterText.json(record, history: try store.history(ofDeadLetter: record.id))
            guard write(line + "\n", to: descriptor) else {
                throw Failure("output", "\(path) could not be written to its end: check the disk")
            }
        }
        after = last.id
    }
}

// MARK: What they share

private func openLetters(_ settings: Settings, _ access: StoreOptions.Access) throws -> any Store {
    let location = StackSettings.databaseLocation(settings)
    // Opened for writing a missing database would be made.
    if access == .readWrite { try openStore(location, options: StoreOptions(access: .readOnly)).close() }
    return try openStore(location, options: StoreOptions(access: access, programVersion: platformVersion))
}

private func filter(_ settings: Settings) -> DeadLetterFilter {
    DeadLetterFilter(
        state: DeadLetterState(rawValue: settings[stateFilter]),
        reason: settings[reasonFilter].flatMap { DeadLetterReason(rawValue: $0) },
        source: settings[sourceFilter], strategy: settings[strategyFilter])
}

private func number(_ text: String) throws(WrongUse) -> Int64 {
    guard let id = Int64(text), id > 0 else {
        throw WrongUse("\"\(text)\" is no id: `trading-robot dead-letters list` shows them.")
    }
    return id
}

private func missing(_ id: Int64) -> Failure {
    Failure("no_dead_letter", "there is no dead letter \(id): `trading-robot dead-letters list` shows them")
}

private func change(
    _ settings: Settings, _ action: DeadLetterChange.Action, content: [UInt8]? = nil
) -> DeadLetterChange {
    DeadLetterChange(
        at: wallClock(), by: settings[by] ?? NSUserName(), action: action, why: settings[why],
        content: content)
}

private func newText(_ settings: Settings) throws -> [UInt8] {
    switch (settings[file], settings[message]) {
    case (nil, let text?): return Array(text.utf8)
    case ("-"?, nil): return Array(FileHandle.standardInput.readDataToEndOfFile())
    case (let path?, nil):
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure("file", "\(path) cannot be read")
        }
        return Array(data)
    default: throw WrongUse("edit needs the new text: either --file PATH or --message JSON.")
    }
}

/// The ids that were given, or those that the filters find.
private func chosen(_ context: CommandContext, _ store: any Store) throws -> [Int64] {
    if !context.operands.isEmpty { return try context.operands.map(number) }
    let settings = context.settings
    var filter = DeadLetterFilter(
        state: .open, reason: settings[reasonFilter].flatMap { DeadLetterReason(rawValue: $0) },
        source: settings[sourceFilter], strategy: settings[strategyFilter])
    guard settings[all] || filter != DeadLetterFilter(state: .open) else {
        throw WrongUse("Which ones? Give ids, --reason, --source, --strategy, or --all.")
    }
    filter.state = .open
    var found: [Int64] = []
    while true {
        let page = try store.deadLetters(filter, after: found.last ?? 0, limit: 1_000)
        if page.isEmpty { return found }
        found += page.map(\.id)
    }
}

private func perform(
    _ store: any Store, _ id: Int64, _ settings: Settings, _ body: () throws -> DeadLetterTransition
) throws -> DeadLetterTransition {
    guard settings[dryRun] else { return try body() }
    return try store.deadLetter(id: id) == nil ? .missing : .done
}

/// One step for each of the chosen ones, with their history.
private func work(
    _ context: CommandContext, _ action: DeadLetterChange.Action, done: String, would: String,
    _ step: (any Store, Int64, DeadLetterChange) throws -> DeadLetterTransition
) throws -> ExitCode {
    let settings = context.settings
    let store = try openLetters(settings, settings[dryRun] ? .readOnly : .readWrite)
    defer { try? store.close() }
    let report = Report(settings, done: done, would: would)
    var outcomes: [DeadLetterTransition] = []
    let ids = try chosen(context, store)
    for (index, id) in ids.enumerated() {
        if settings[rate] > 0, index > 0, !settings[dryRun] { usleep(UInt32(1_000_000 / settings[rate])) }
        let outcome = try perform(store, id, settings) { try step(store, id, change(settings, action)) }
        report.say(id, outcome)
        outcomes.append(outcome)
    }
    if ids.isEmpty { writeToStandardError("There are none.\n") }
    return report.code(for: outcomes)
}

/// What is said of each, and the exit code of all.
private struct Report {
    let isJSON: Bool
    let isDryRun: Bool
    let done: String
    let would: String

    init(_ settings: Settings, done: String, would: String) {
        isJSON = settings[json]
        isDryRun = settings[dryRun]
        self.done = done
        self.would = would
    }

    func say(_ id: Int64, _ outcome: DeadLetterTransition) {
        let word =
            switch outcome {
            case .done: isDryRun ? would : done
            case .unchanged: "unchanged"
            case .refused(let state): "left as it is: it is \(state.rawValue)"
            case .missing: "not found"
            }
        let line = JSONValue.object([.init("id", .number("\(id)")), .init("outcome", .string(word))]).text
        writeToStandardOutput(isJSON ? line + "\n" : "\(id): \(word)\n")
    }

    /// 1 when one was not found, or is in a state that does not allow it.
    func code(for outcomes: [DeadLetterTransition]) -> ExitCode {
        let isWell = outcomes.allSatisfy { $0 == .done || $0 == .unchanged }
        return isWell ? .done : .failed
    }
}
