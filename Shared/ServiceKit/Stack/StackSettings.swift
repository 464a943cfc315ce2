// Settings that several programs share, declared once: where the services are, and where market data come
// from.

import Contracts
import MarketData
import Messaging
import TradingCore

/// Where market data come from.
package enum Provider: String, CaseIterable, ScalarSettingValue { case synthetic, replay }

extension TradingHours: ScalarSettingValue {}

/// How fast finite or synthetic data are published.
package enum ReplaySpeed: ScalarSettingValue, Equatable {
    /// As the market's clock went.
    case real
    /// As fast as the slowest platform reader takes them.
    case max
    /// So many times as fast as the market's clock.
    case times(Double)

    package static var placeholder: String { "real|max|N" }
    package static func read(_ text: String) throws(RefusedValue) -> ReplaySpeed {
        switch text {
        case "real": return .real
        case "max": return .max
        default:
            guard let factor = Double(text), factor > 0, factor.isFinite else {
                throw RefusedValue("real, max, or a number above 0")
            }
            return .times(factor)
        }
    }
    package var settingText: String {
        switch self {
        case .real: "real"
        case .max: "max"
        case .times(let factor): "\(factor)"
        }
    }
}

extension Durability: ScalarSettingValue {}

package enum StackSettings {
    /// The endpoint settings, with their default from DESIGN 2.
    package static let marketData = endpoint(
        "market-data-endpoint", Endpoints().marketData, "Market data (PUB).")
    package static let marketDataReplay = endpoint(
        "market-data-replay-endpoint", Endpoints().marketDataReplay, "Replay of market data (ROUTER).")
    package static let orderEntry = endpoint(
        "order-entry-endpoint", Endpoints().orderEntry, "Order entry (ROUTER).")
    package static let trades = endpoint("trades-endpoint", Endpoints().trades, "Trades and orders (PUB).")
    package static let tradeReplay = endpoint(
        "trade-replay-endpoint", Endpoints().tradeReplay, "Replay of trades and orders (ROUTER).")
    package static let performance = endpoint(
        "performance-endpoint", Endpoints().performance, "Performance and dead-letter notices (PUB).")
    package static let ingest = endpoint(
        "ingest-endpoint", Endpoints().ingest, "Ingest of other robots' trades (ROUTER).")

    /// Other robots whose trades are booked: `sources:` in the file.
    package static let sources = sources(
        "sources", "Other robots whose trades the tracker books, by name. Repeatable.")
    /// The same as a flag of `up`.
    package static let source = sources(
        "source", "Allow another robot to send its trades under this name. Repeatable.")

    private static func sources(_ name: String, _ help: String) -> Setting<[String]> {
        Setting(
            name, default: [], placeholder: "NAME", separator: ",", help: help,
            allowed: { names throws(RefusedValue) in
                // With a dot, a strategy and a character of its id behind it.
                guard names.allSatisfy({ NameRule.identifier.accepts($0.utf8) && $0.utf8.count <= 38 }) else {
                    throw RefusedValue("names of 1 to 38 of A-Z a-z 0-9 . _ -")
                }
            })
    }

    package static let expectedReaders = Setting<[String]>(
        "expected-readers", default: [], placeholder: "NAME", separator: ",",
        help: "Simulators and runners that will come: finite data wait for them, at most ten seconds.")

    package static let durability = Setting<Durability>(
        "durability", default: .process,
        help: "What a journalled event survives: process = kill -9, group = power loss (one sync a batch), "
            + "record = one sync an event.")

    package static let snapshotEvery = Setting<Int>(
        "snapshot-every", default: 100_000, placeholder: "N",
        help: "Market events between two snapshots of sessions and strategies, from which a restart goes on; "
            + "0: none.",
        allowed: Setting<Int>.within(0...Int.max))

    package static let journalKeep = Setting<Duration>(
        "journal-keep", default: .zero,
        help:
            "How long the journals are kept: whole older segments are deleted, as `journal prune` does; 0s: "
            + "everything is kept.")

    package static let journalSegment = Setting<Int>(
        "journal-segment", default: 64 << 20, placeholder: "BYTES",
        help: "Size at which a segment of a journal ends; whole segments are what is pruned.",
        allowed: Setting<Int>.within(4_096...1 << 30))

    package static let database = Setting<String?>(
        "database-url", default: nil, placeholder: "URL", secret: true,
        help: "The database; DIR/trading.db if not given.")

    /// The database of a run.
    package static func databaseLocation(_ settings: Settings) -> String {
        settings[database] ?? settings[CommonSettings.dataDirectory] + "/trading.db"
    }

    private static func endpoint(_ name: String, _ standard: String, _ help: String) -> Setting<String> {
        Setting(
            name, default: standard, placeholder: "ENDPOINT", help: help,
            allowed: { value throws(RefusedValue) in
                guard value.hasPrefix("tcp://") || value.hasPrefix("ipc://") else {
                    throw RefusedValue("tcp://HOST:PORT or ipc://PATH")
                }
            })
    }
}

/// Settings of the runners, for `up` and the runner.
package enum RunnerSettings {
    package static let leaseTerm = Setting<Duration>(
        "lease-term", default: .seconds(10),
        help: "How long a runner holds a strategy without being heard of; then another takes it over.",
        allowed: { term throws(RefusedValue) in
            guard term >= .milliseconds(200), term <= .seconds(3600) else {
                throw RefusedValue("200ms to 60m")
            }
        })
}

/// Settings of the market data, the same for `up`, `backtest` and the gateway.
package enum DataSettings {
    package static let provider = Setting<Provider>(
        "provider", default: .synthetic, help: "Where market data come from.")
    package static let data = Setting<[String]>(
        "data", default: [], placeholder: "PATH", separator: ",",
        help: "A journal folder, CSV files, or files and folders in the LEAN format. Repeatable.")
    package static let hours = Setting<TradingHours>(
        "hours", default: .regular, help: "Hours read from LEAN equities: 09:30 to 16:00 New York, or all.")
    package static let symbols = Setting<[String]>(
        "symbols", default: [], placeholder: "SYMBOL", separator: ",",
        help: "Only these symbols; for synthetic data the symbols to make.")
    package static let speed = Setting<ReplaySpeed>(
        "speed", default: .real, help: "How fast data are published.")
    package static let seed = Setting<Int>(
        "seed", default: 42, help: "Seed of synthetic data.", allowed: Setting<Int>.within(0...Int.max))
    package static let rate = Setting<Int>(
        "rate", default: 20, placeholder: "N",
        help: "Synthetic events a second of market time, of all symbols.",
        allowed: Setting<Int>.within(1...1_000_000))
    package static let events = Setting<Int>(
        "events", default: 0, placeholder: "N", help: "End synthetic data after so many events; 0: never.",
        allowed: Setting<Int>.within(0...Int.max))
    package static let instruments = SettingTable(
        ["instruments"],
        columns: [priceIncrement.declaration, sizeIncrement.declaration, currency.declaration],
        help: "Increments and currency of a symbol, where the source says otherwise.")
    static let priceIncrement = Setting<String?>(
        "price-increment", default: nil, help: "Smallest step of a price.")
    static let sizeIncrement = Setting<String?>(
        "size-increment", default: nil, help: "Smallest step of a size.")
    static let currency = Setting<String?>("currency", default: nil, help: "Currency of the prices.")

    package static var declarations: [SettingDeclaration] {
        [
            provider.declaration, data.declaration, hours.declaration, symbols.declaration, speed.declaration,
            seed.declaration, rate.declaration, events.declaration,
        ]
    }
}

/// Simulation settings as flags: one for each field of `SessionSettings`, under the same names.
package enum SimulationSettings {
    package static let fields: [(name: String, setting: Setting<String?>)] = SessionSettings.fields.map {
        field in
        (
            field.name,
            Setting<String?>(
                field.name.replacing("_", with: "-"), default: nil, placeholder: "VALUE",
                section: "simulation",
                help: "Simulation: \(field.help): \(field.allowed). Default \(field.defaultValue).")
        )
    }

    package static var declarations: [SettingDeclaration] { fields.map(\.setting.declaration) }

    /// The settings that were given, by the names of `SessionSettings`.
    ///
    /// - Throws: `WrongUse` with every value that is not allowed.
    package static func read(_ settings: Settings) throws(WrongUse) -> SessionSettings {
        let given = fields.compactMap { field in settings[field.setting].map { (field.name, $0) } }
        do throws(SettingsError) {
            return try SessionSettings(fields: given)
        } catch {
            throw WrongUse(
                error.problems.map {
                    "\($0.name.replacing("_", with: "-")) is \"\($0.value)\"; allowed is \($0.allowed)."
                })
        }
    }
}
