// The columns of our own CSV format:
//
//   timestamp     seconds since 1970 with decimals (1381239000.123), or ISO 8601 in UTC
//                 (2013-10-08T13:30:00.123Z). Of a bar its end. Finer than a microsecond is cut off.
//   symbol        A–Z a–z 0–9 . _ - ; BTC/USD becomes BTC-USD
//   bid, ask, bid_size, ask_size              a quote; a side left empty is absent
//   price, size                               a trade
//   open, high, low, close, volume, interval  a bar; interval in seconds, or 1s, 1m, 1h, 1d
//                                             bid and ask of a bar are those at its end
//   exchange, conditions                      optional, of quotes and trades, up to 8 characters
//
// The first line names them, in any order. A row is what its filled columns say: quote, trade, bar; a row
// with a quote and a trade is both, the quote first. Rows are in time order and keep their order. Fields may
// be quoted.

import Contracts

/// A column that we know.
enum CSVColumn: Int, CaseIterable, Sendable {
    case timestamp, symbol, bid, ask
    case bidSize, askSize, price, size
    case open, high, low, close
    case volume, interval, exchange, conditions

    var name: String {
        switch self {
        case .timestamp: "timestamp"
        case .symbol: "symbol"
        case .bid: "bid"
        case .ask: "ask"
        case .bidSize: "bid_size"
        case .askSize: "ask_size"
        case .price: "price"
        case .size: "size"
        case .open: "open"
        case .high: "high"
        case .low: "low"
        case .close: "close"
        case .volume: "volume"
        case .interval: "interval"
        case .exchange: "exchange"
        case .conditions: "conditions"
        }
    }

    /// Whether it holds a price: exact to 1e-8. Sizes are rounded.
    var isPrice: Bool {
        switch self {
        case .bid, .ask, .price, .open, .high, .low, .close: true
        default: false
        }
    }
}

/// A set of columns.
struct CSVColumns: OptionSet, Sendable {
    var rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(_ column: CSVColumn) { rawValue = 1 << UInt32(column.rawValue) }

    static let always = CSVColumns([CSVColumns(.timestamp), CSVColumns(.symbol)])
    static let quotePrices = CSVColumns([CSVColumns(.bid), CSVColumns(.ask)])
    static let bar = CSVColumns([CSVColumns(.open), CSVColumns(.high), CSVColumns(.low), CSVColumns(.close)])

    func has(_ column: CSVColumn) -> Bool { rawValue & 1 << UInt32(column.rawValue) != 0 }

    /// The columns of the first line, in order. Throws a sentence that says what is allowed.
    static func reading(header: [String], path: String) throws(MarketDataError) -> [CSVColumn] {
        func bad(_ problem: String) -> MarketDataError {
            MarketDataError(.badRow, path: path, line: 1, problem)
        }
        let allowed = CSVColumn.allCases.map(\.name).joined(separator: ", ")
        var columns: [CSVColumn] = []
        for (place, name) in header.enumerated() {
            guard let column = CSVColumn.allCases.first(where: { $0.name == name.lowercased() }) else {
                throw bad(
                    "column \(place + 1) \"\(name)\" is not known; "
                        + "the first line names columns out of: \(allowed)"
                )
            }
            guard !columns.contains(column) else { throw bad("column \"\(column.name)\" is there twice") }
            columns.append(column)
        }
        let all = columns.reduce(into: CSVColumns()) { $0.insert(CSVColumns($1)) }
        for needed in [CSVColumn.timestamp, .symbol] where !all.has(needed) {
            throw bad("column \"\(needed.name)\" is missing; the columns are: \(allowed)")
        }
        for (column, partner) in Self.partners where all.has(column) && !all.has(partner) {
            throw bad("column \"\(column.name)\" needs a column \"\(partner.name)\"")
        }
        guard all.has(.bid) || all.has(.ask) || all.has(.price) || all.has(.open) else {
            throw bad(
                "there are no prices: add bid and ask, or price and size, "
                    + "or open, high, low, close, volume, interval"
            )
        }
        return columns
    }

    private static let partners: [(CSVColumn, CSVColumn)] = [
        (.bid, .bidSize), (.ask, .askSize), (.bidSize, .bid), (.askSize, .ask), (.price, .size),
        (.size, .price),
        (.open, .high), (.high, .low), (.low, .close), (.close, .open), (.open, .interval),
        (.interval, .open),
        (.volume, .open),
    ]
}
