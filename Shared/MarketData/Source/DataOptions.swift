// What the user chose about data, and what was opened. `openData` reads names, sizes and checksums; rows are
// read by the source, a block at a time.

import Contracts

/// Which rows of LEAN equity files (ticks, seconds, minutes) are taken. Hour and daily bars are never
/// filtered.
package enum TradingHours: String, Sendable, CaseIterable {
    /// Rows from 09:30:00.000 up to, not including, 16:00:00.000 New York time; of a bar its start counts.
    case regular
    case all
}

/// The choices that decide which events come out of the same files.
package struct DataOptions: Sendable, Equatable {
    /// LEAN equities only.
    package var hours: TradingHours = .regular
    /// Empty: every symbol that is there.
    package var symbols: [String] = []
    /// First and last day taken, in the time zone of the rows (CSV: UTC), inclusive.
    package var from: CivilDay?
    package var to: CivilDay?
    /// By symbol.
    package var instruments: [String: InstrumentOverride] = [:]
    /// Data with at most so many bytes of rows are read once at opening, so that everything wrong with them
    /// is said, and everything left out is counted, before the first event. Larger ones are checked while
    /// they run.
    package var surveyBytes: Int64 = DataOptions.defaultSurveyBytes

    package static let defaultSurveyBytes: Int64 = 256 << 20

    package init() {}
}

/// One input file as a later run recognises it: by content, not by where it lies.
package struct InputFile: Sendable, Hashable, CustomStringConvertible {
    /// Of a LEAN file the path from the asset class on (`equity/usa/daily/aapl.zip`), else the file's name.
    package var name: String
    /// Bytes of the file.
    package var size: Int64
    /// CRC-32 of the rows, as the zip holds it; of a CSV file that of its bytes.
    package var crc32: UInt32

    package init(name: String, size: Int64, crc32: UInt32) {
        self.name = name
        self.size = size
        self.crc32 = crc32
    }

    package var description: String { "\(name) \(size) \(hexadecimal(crc32))" }
}

/// Data that were found and understood. Sendable, so that the source is made where it is used.
package struct OpenedData: Sendable {
    /// Sentences for the user, in order: what was found, the hours in one line, what was left out and
    /// counted.
    package var description: [String]
    /// Every symbol's terms, by symbol in byte order.
    package var instruments: [InstrumentTerms]
    /// The files in byte order of their names.
    package var fingerprint: [InputFile]
    /// How many events the source will hand out with its `instrument` events and its `end`; nil when the data
    /// were too large for a survey.
    package var eventCount: UInt64?
    let plan: DataPlan

    /// The terms of a symbol, nil when it is not there.
    package func instrument(_ symbol: String) -> InstrumentTerms? {
        instruments.first { $0.symbol == symbol }
    }

    /// A new source at position 0. Each call gives an independent one.
    package func makeSource() -> FileSource { FileSource(plan) }

    /// One line that is equal exactly when the same rows come out: files, hours, symbols and dates. A later
    /// run with another line has other finite data.
    package var identity: String {
        let options = plan.options
        var text = "hours=\(options.hours.rawValue)"
        if !options.symbols.isEmpty { text += " symbols=" + options.symbols.sorted().joined(separator: "+") }
        if let from = options.from { text += " from=\(from)" }
        if let to = options.to { text += " to=\(to)" }
        let bytes = fingerprint.reduce(0) { $0 + $1.size }
        let list = fingerprint.map(\.description).joined(separator: "\n")
        return text
            + " files=\(fingerprint.count) bytes=\(bytes) crc32=\(hexadecimal(crc32(of: Array(list.utf8))))"
    }
}

/// Eight lower-case hexadecimal digits.
func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}
