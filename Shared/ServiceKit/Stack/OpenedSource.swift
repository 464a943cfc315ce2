// Finds out what the data settings mean and opens it: one place for the gateway, `backtest` and `up`, so that
// all three read the same data the same way.

import Contracts
import Foundation
import MarketData
import Messaging

/// Market data that were found, understood and can be read from the beginning any number of times.
package struct OpenedSource: Sendable {
    /// Sentences for the user.
    package let description: [String]
    /// Equal exactly when the same events come out: a journal is continued only with the same.
    package let identity: String
    /// Terms by symbol, for what increments and sessions the source names; empty for a journal.
    package let instruments: [InstrumentTerms]
    /// How many events will come; nil when not known or endless.
    package let eventCount: UInt64?
    /// Whether the events never end.
    package let isEndless: Bool
    private let make: @Sendable () throws -> any MarketDataSource

    /// A new source at position 0.
    package func makeSource() throws -> any MarketDataSource { try make() }

    /// The trading session of a symbol, if the source names one.
    package func session(of symbol: String) -> TradingSession? {
        instruments.first { $0.symbol == symbol }?.session
    }

    /// Whether a folder holds a journal.
    package static func isJournal(_ path: String) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.contains { $0.hasSuffix(".journal") }
    }

    /// Opens what the settings name.
    ///
    /// - Parameter start: the time of the first synthetic event.
    /// - Throws: `WrongUse`, `MarketDataError` or `JournalError`, each one sentence.
    package init(_ settings: Settings, start: Timestamp) throws {
        switch settings[DataSettings.provider] {
        case .synthetic where settings[DataSettings.data].isEmpty:
            try self.init(synthetic: settings, start: start)
        default: try self.init(recorded: settings)
        }
    }

    private init(synthetic settings: Settings, start: Timestamp) throws {
        let names = settings[DataSettings.symbols]
        var synthetic = SyntheticSettings()
        synthetic.seed = UInt64(settings[DataSettings.seed])
        if !names.isEmpty { synthetic.symbols = names }
        synthetic.start = start
        try synthetic.setRate(eventsPerSecond: Int64(settings[DataSettings.rate]))
        synthetic.count = settings[DataSettings.events] == 0 ? nil : UInt64(settings[DataSettings.events])
        synthetic.instruments = try Self.overrides(settings)
        let source = try SyntheticSource(synthetic)
        let fixed = synthetic
        description = [
            "Synthetic data: a seeded random walk of \(synthetic.symbols.joined(separator: ", ")) "
                + "(seed \(synthetic.seed), \(settings[DataSettings.rate]) events a second)."
        ]
        identity =
            "synthetic seed=\(fixed.seed) symbols=\(fixed.symbols.joined(separator: "+")) "
            + "interval=\(fixed.interval) count=\(fixed.count ?? 0)"
        instruments = source.instruments
        eventCount = fixed.count
        isEndless = fixed.count == nil
        make = { try SyntheticSource(fixed) }
    }

    private init(recorded settings: Settings) throws {
        let paths = settings[DataSettings.data]
        guard !paths.isEmpty else {
            throw WrongUse("--provider replay needs --data PATH: a journal folder, CSV files or LEAN data.")
        }
        if paths.count == 1, Self.isJournal(paths[0]) {
            let path = paths[0]
            let journal = try JournalSource(directory: path)
            description = ["The journal \(path): \(journal.count) events."]
            identity = "journal \(journal.epoch) events=\(journal.last)"
            instruments = []
            eventCount = journal.count
            isEndless = false
            make = { try JournalSource(directory: path) }
            return
        }
        var options = DataOptions()
        options.hours = settings[DataSettings.hours]
        options.symbols = settings[DataSettings.symbols]
        options.instruments = try Self.overrides(settings)
        let opened = try openData(paths, options: options)
        description = opened.description
        identity = opened.identity
        instruments = opened.instruments
        eventCount = opened.eventCount
        isEndless = false
        make = { opened.makeSource() }
    }

    private static func overrides(_ settings: Settings) throws(WrongUse) -> [String: InstrumentOverride] {
        var overrides: [String: InstrumentOverride] = [:]
        var mistakes: [String] = []
        for row in settings[DataSettings.instruments] {
            var override = InstrumentOverride()
            let amount = { (setting: Setting<String?>) -> Int64? in
                guard let text = row[setting] ?? nil else { return nil }
                guard let units = decimalUnits(text), units > 0 else {
                    mistakes.append(
                        "instruments.\(row.name).\(setting.name) is \"\(text)\"; use a decimal above 0."
                    )
                    return nil
                }
                return units
            }
            override.priceIncrement = amount(DataSettings.priceIncrement).map { Price(units: $0) }
            override.sizeIncrement = amount(DataSettings.sizeIncrement).map { Quantity(units: $0) }
            override.currency = (row[DataSettings.currency] ?? nil).flatMap { ShortCode($0) }
            overrides[row.name] = override
        }
        guard mistakes.isEmpty else { throw WrongUse(mistakes) }
        return overrides
    }
}

/// A decimal text in units of 1e-8; nil when it is not one.
package func decimalUnits(_ text: String) -> Int64? {
    Array(text.utf8).withUnsafeBytes { bytes in
        do throws(JSONError) {
            var reader = try JSONReader(bytes)
            let units = try reader.amount()
            try reader.finish()
            return units
        } catch {
            return nil
        }
    }
}
