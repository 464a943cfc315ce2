// `trading-robot journal cat|check`: a journal as text, and whether it is whole.

import Contracts
import Messaging
import ServiceKit

private let from = Setting<Int>(
    "from", default: 1, placeholder: "SEQ", help: "First seq.", allowed: Setting<Int>.within(1...Int.max))
private let through = Setting<Int?>("to", default: nil, placeholder: "SEQ", help: "Last seq.")
private let folder = Operand("DIR", help: "A journal folder, as data/market-data or data/orders.")

let journalCatCommand = Command(
    "cat", "Prints the events of a journal, one JSON object a line, checked.",
    settings: [from.declaration, through.declaration], operands: [folder]
) { context in
    let reader = try JournalReader(directory: context.operands[0])
    guard reader.lastSeq > 0 else { return .done }
    var text = JSONWriter(capacity: 1 << 17)
    let first = max(reader.firstSeq, UInt64(context.settings[from]))
    let last = context.settings[through].map { UInt64(max(0, $0)) } ?? reader.lastSeq
    guard first <= last else { return .done }
    var isOpen = true
    try reader.read(from: first, through: last) { _, json in
        text.append(json)
        text.append(0x0a)
        if text.count > 1 << 16 {
            isOpen = writeToStandardOutput(text.string)
            text.reset()
        }
        return isOpen
    }
    if isOpen { writeToStandardOutput(text.string) }
    return .done
}

let journalCheckCommand = Command(
    "check", "Checks every record of a journal, and names file and offset of what is damaged.",
    operands: [folder]
) { context in
    let report = try checkJournal(context.operands[0])
    for damage in report.damages { writeToStandardError("\(damage)\n") }
    if report.damageCount > report.damages.count {
        writeToStandardError("… and \(report.damageCount - report.damages.count) more\n")
    }
    let segments = report.segments == 1 ? "1 segment" : "\(report.segments) segments"
    var line = "\(context.operands[0]): \(report.records) records in \(segments), "
    line +=
        "\(report.bytes) bytes, epoch \(report.epoch ?? "unknown"), "
    line += "seq \(report.firstSeq) to \(report.lastSeq)"
    if report.tornBytes > 0 { line += ", \(report.tornBytes) bytes of a torn record at the end" }
    writeToStandardOutput(line + (report.isWhole ? ": whole\n" : ": damaged\n"))
    return report.isWhole ? .done : .failed
}
