// Rows of a CSV file in our own format as events, see `CSVColumns` for the format. Whatever is wrong is an
// error with file, line and column: the file is the user's own, so nothing is left out quietly.

import Contracts

/// A CSV file that was read through once at opening.
struct CSVTable: Sendable {
    var path: String
    var identity: FileIdentity
    var checksum: UInt32
    /// Symbols in the order in which the file shows them, with their places among all symbols; nil: not
    /// wanted.
    var symbols: [String]
    var places: [SymbolIndex?] = []
    /// What the file's decimals say, in the same order.
    var terms: [InstrumentTerms]

    /// The longest bar that is read, in seconds: 60 days.
    static let longestInterval: UInt32 = 60 * 86_400
}

/// Reads one CSV file. Symbols are numbered as the file shows them. What every row touches goes without
/// checks of overlapping access: the reader calls nothing that could come back to it.
final class CSVReader {
    let path: String
    private let file: PlainFile
    private let lines = LineStream()
    private let columns: [CSVColumn]
    private let cut = CSVLine()
    /// Of times and amounts, by column.
    @exclusivity(unchecked) private var values: [Int64] = Array(repeating: 0, count: CSVColumn.allCases.count)
    @exclusivity(unchecked) private var filled = CSVColumns()
    @exclusivity(unchecked) private var interval: UInt32 = 0
    @exclusivity(unchecked) private var codes = (ShortCode.none, ShortCode.none)
    @exclusivity(unchecked) private(set) var symbols = SymbolTable()
    @exclusivity(unchecked) private var symbol = SymbolIndex.none
    @exclusivity(unchecked) private var lastTime = Timestamp(microseconds: .min)
    @exclusivity(unchecked) private var pendingTrade: MarketEvent?
    @exclusivity(unchecked) private(set) var line = 0
    private(set) var roundedSizes = 0

    init(path: String, identity: FileIdentity) throws(MarketDataError) {
        self.path = path
        file = PlainFile(path: path, identity: identity)
        lines.open(file)
        var names: [String] = []
        if try lines.refill() {
            var start = lines.at
            // A byte order mark is no part of the first name.
            if lines.limit - start > 3, start[0] == 0xef, start[1] == 0xbb, start[2] == 0xbf { start += 3 }
            guard cut.cut(start) else {
                throw MarketDataError(.badRow, path: path, line: 1, "a quoted field does not end in its line")
            }
            guard cut.count <= CSVLine.maximumFields else {
                throw MarketDataError(
                    .badRow, path: path, line: 1,
                    "there are \(cut.count) columns; at most \(CSVLine.maximumFields) are read")
            }
            for place in 0..<cut.count { names.append(String(decoding: cut.field(place), as: UTF8.self)) }
            lines.at = cut.end + 1
        }
        columns = try CSVColumns.reading(header: names, path: path)
        line = 1
    }

    /// CRC-32 of the bytes read so far; of the whole file after the last row.
    var checksum: UInt32 { file.checksum }

    /// The next event, its symbol numbered by `symbols`. False at the end.
    func read(into event: inout MarketEvent) throws(MarketDataError) -> Bool {
        if let trade = pendingTrade {
            event = trade
            pendingTrade = nil
            return true
        }
        while true {
            if lines.at == lines.limit {
                guard try lines.refill() else { return false }
            }
            line += 1
            let isCut = cut.cut(lines.at)
            lines.at = cut.end + 1
            guard isCut else { throw bad("a quoted field does not end in its line") }
            if cut.isBlank { continue }
            guard cut.count == columns.count else {
                throw bad("there are \(cut.count) fields, but the first line names \(columns.count) columns")
            }
            try readFields()
            try makeEvent(&event)
            return true
        }
    }

    private func readFields() throws(MarketDataError) {
        filled = []
        codes = (.none, .none)
        for place in columns.indices {
            let column = columns[place]
            let field = cut.field(place)
            if field.isEmpty { continue }
            filled.insert(CSVColumns(column))
            switch column {
            case .timestamp:
                guard let time = parseTimestamp(field) else {
                    throw bad(
                        column, field,
                        "is no time: write seconds since 1970 (1381239000.5) "
                            + "or ISO 8601 in UTC (2013-10-08T13:30:00Z)"
                    )
                }
                values[column.rawValue] = time.microseconds
            case .symbol: symbol = try resolve(field)
            case .interval:
                guard let seconds = parseInterval(field) else {
                    throw bad(
                        column, field, "is no interval: write seconds (60), or 1s, 1m, 1h, 1d, up to 60 days")
                }
                interval = seconds
            case .exchange: codes.0 = ShortCode(bytes: field) ?? .none
            case .conditions: codes.1 = ShortCode(bytes: field) ?? .none
            default: try readAmount(column, field)
            }
        }
        guard filled.isSuperset(of: .always) else {
            let empty = filled.has(.timestamp) ? CSVColumn.symbol : .timestamp
            throw bad("column \"\(empty.name)\" is empty")
        }
    }

    private func readAmount(_ column: CSVColumn, _ field: UnsafeBufferPointer<UInt8>) throws(MarketDataError)
    {
        let value: Int64
        switch parseAmount(field, shift: 8) {
        case .failure(let problem): throw bad(column, field, problem.sentence)
        case .success(let parsed):
            if parsed.inexact && column.isPrice {
                throw MarketDataError(
                    .priceTooFine, path: path, line: line,
                    "column \"\(column.name)\" \(FieldProblem.priceTooFine.sentence); the file is refused")
            }
            if parsed.inexact { roundedSizes += 1 }
            value = parsed.value
        }
        guard value >= 0 || column.isPrice else { throw bad(column, field, "is negative") }
        values[column.rawValue] = value
    }

    private func resolve(_ field: UnsafeBufferPointer<UInt8>) throws(MarketDataError) -> SymbolIndex {
        if let known = symbols.find(UnsafeRawBufferPointer(field)) { return known }
        let name = String(decoding: field.map { $0 == 0x2f ? 0x2d : $0 }, as: UTF8.self)
        do {
            return try symbols.intern(name)
        } catch {
            throw bad(error.description)
        }
    }

    // MARK: Events

    private func makeEvent(_ event: inout MarketEvent) throws(MarketDataError) {
        let time = Timestamp(microseconds: values[CSVColumn.timestamp.rawValue])
        guard time >= lastTime else {
            throw MarketDataError(
                .outOfOrder, path: path, line: line,
                "the row is earlier than the one before it (\(time) after \(lastTime)); "
                    + "sort the file by timestamp"
            )
        }
        lastTime = time
        let isTrade = filled.has(.price)
        if !filled.isDisjoint(with: .bar) {
            guard filled.isSuperset(of: .bar), filled.has(.interval) else {
                throw bad("a bar needs open, high, low, close and interval")
            }
            guard !isTrade else { throw bad("the row has a bar and a trade; give each a row of its own") }
            event = blank(.bar, time)
            bar(&event)
            try quote(&event)
        } else if !filled.isDisjoint(with: .quotePrices) {
            event = blank(.quote, time)
            try quote(&event)
            if isTrade { pendingTrade = try trade(time) }
        } else if isTrade {
            event = try trade(time)
        } else {
            throw bad("the row has no price: fill bid or ask, or price and size, or open, high, low, close")
        }
    }

    private func blank(_ kind: MarketEvent.Kind, _ time: Timestamp) -> MarketEvent {
        var event = MarketEvent(kind: kind, symbol: symbol, timestamp: time)
        if kind != .bar { (event.code, event.detail) = codes }
        return event
    }

    private func trade(_ time: Timestamp) throws(MarketDataError) -> MarketEvent {
        guard filled.has(.size) else { throw bad("column \"size\" is empty; a trade needs price and size") }
        var event = blank(.trade, time)
        event.price = price(.price)
        event.size = quantity(.size)
        return event
    }

    private func quote(_ event: inout MarketEvent) throws(MarketDataError) {
        if filled.has(.bid) {
            guard filled.has(.bidSize) else {
                throw bad("column \"bid_size\" is empty; a bid needs its size")
            }
            event.has.insert(.bid)
            (event.bid, event.bidSize) = (price(.bid), quantity(.bidSize))
        }
        if filled.has(.ask) {
            guard filled.has(.askSize) else {
                throw bad("column \"ask_size\" is empty; an ask needs its size")
            }
            event.has.insert(.ask)
            (event.ask, event.askSize) = (price(.ask), quantity(.askSize))
        }
    }

    private func bar(_ event: inout MarketEvent) {
        event.interval = interval
        event.openTime = event.timestamp.advanced(byMicroseconds: -Int64(interval) * 1_000_000)
        (event.open, event.high, event.low) = (price(.open), price(.high), price(.low))
        event.price = price(.close)
        event.size = filled.has(.volume) ? quantity(.volume) : .zero
    }

    private func price(_ column: CSVColumn) -> Price { Price(units: values[column.rawValue]) }
    private func quantity(_ column: CSVColumn) -> Quantity { Quantity(units: values[column.rawValue]) }

    private func bad(_ problem: String) -> MarketDataError {
        MarketDataError(.badRow, path: path, line: line, problem)
    }

    private func bad(
        _ column: CSVColumn, _ field: UnsafeBufferPointer<UInt8>, _ problem: String
    ) -> MarketDataError {
        let shown = String(decoding: field.prefix(40), as: UTF8.self)
        return bad("column \"\(column.name)\": \"\(shown)\" \(problem)")
    }
}
