// Opens what the user named: folders, zips and CSV files together, as one stream.

import Contracts

/// Finds and understands data. Reads names and directories of zips, CSV files whole, and all rows once when
/// they are few enough (`DataOptions.surveyBytes`).
///
/// - Parameter paths: CSV files, LEAN zips, and folders, which are walked in byte order.
/// - Throws: one sentence with the path and, where it is about a row, the line.
package func openData(_ paths: [String], options: DataOptions = DataOptions()) throws(MarketDataError)
    -> OpenedData
{
    var catalog = LeanCatalog(options)
    var tables: [CSVTable] = []
    if let from = options.from, let to = options.to, to < from {
        throw MarketDataError(.badSetting, "the data end (\(to)) before they begin (\(from))")
    }
    guard !paths.isEmpty else { throw MarketDataError(.badSetting, "no data path was given") }
    for path in paths {
        switch try pathKind(path) {
        case .folder: try catalog.addFolder(path)
        case .file(let identity):
            if path.lowercased().hasSuffix(".zip") {
                try catalog.addZip(path, identity)
            } else if !tables.contains(where: { resolvedPath($0.path) == resolvedPath(path) }) {
                tables.append(try CSVTable.surveying(path: path, identity: identity))
            }
        case .other:
            throw MarketDataError(.unrecognised, path: path, "this is neither a file nor a folder")
        }
    }
    let found = try DataFinding(paths: paths, catalog: catalog, tables: tables, options: options)
    return try found.opened()
}

/// What the paths hold, before it becomes a plan.
private struct DataFinding {
    let paths: [String]
    let catalog: LeanCatalog
    var tables: [CSVTable]
    let options: DataOptions
    var terms: [InstrumentTerms] = []

    init(
        paths: [String], catalog: LeanCatalog, tables: [CSVTable], options: DataOptions
    ) throws(MarketDataError) {
        self.paths = paths
        self.catalog = catalog
        self.tables = tables
        self.options = options
        try checkAsked()
        resolveTerms()
        try checkFound()
    }

    /// Every symbol that was asked for has to be there.
    private func checkAsked() throws(MarketDataError) {
        var known = catalog.symbols
        for table in tables { known.formUnion(table.symbols) }
        for symbol in options.symbols where !known.contains(symbol) && !known.contains(symbol.uppercased()) {
            let names = known.sorted(by: precedes)
            let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
            throw MarketDataError(
                .badSymbol,
                "\(paths.joined(separator: ", ")): there is no \(symbol); "
                    + "the data hold \(names.isEmpty ? "nothing" : shown)"
            )
        }
    }

    private mutating func resolveTerms() {
        let wanted = Set(options.symbols)
        var bySymbol: [String: InstrumentTerms] = [:]
        for table in tables {
            for (name, terms) in zip(table.symbols, table.terms) {
                guard wanted.isEmpty || wanted.contains(name) || wanted.contains(name.uppercased()) else {
                    continue
                }
                if let known = bySymbol[name] {
                    bySymbol[name]?.priceIncrement = min(known.priceIncrement, terms.priceIncrement)
                    bySymbol[name]?.sizeIncrement = min(known.sizeIncrement, terms.sizeIncrement)
                } else {
                    bySymbol[name] = terms
                }
            }
        }
        for file in catalog.files {
            let symbol = file.name.symbol
            switch file.name.market.assetClass {
            case .equity: bySymbol[symbol] = .equity(symbol, hours: options.hours)
            case .forex: bySymbol[symbol] = .forex(symbol)
            case .crypto: bySymbol[symbol] = .crypto(symbol)
            }
        }
        terms = bySymbol.values.map { $0.applying(options.instruments[$0.symbol]) }
            .sorted { precedes($0.symbol, $1.symbol) }
        var places: [String: SymbolIndex] = [:]
        for (place, terms) in terms.enumerated() { places[terms.symbol] = SymbolIndex(Int32(place)) }
        for index in tables.indices { tables[index].places = tables[index].symbols.map { places[$0] } }
    }

    private func checkFound() throws(MarketDataError) {
        guard terms.isEmpty else {
            guard terms.count <= SymbolTable.maximumSymbols else {
                throw MarketDataError(
                    .tooMuch, "more than \(SymbolTable.maximumSymbols) symbols; choose some with --symbols")
            }
            for terms in terms where terms.priceIncrement.units <= 0 || terms.sizeIncrement.units <= 0 {
                throw MarketDataError(.badSetting, "the increments of \(terms.symbol) have to be positive")
            }
            return
        }
        let place = paths.joined(separator: ", ")
        if catalog.filtered > 0 {
            throw MarketDataError(
                .unrecognised, path: place,
                "no file of the symbols and days asked for (\(catalog.filtered) others)")
        }
        throw MarketDataError(
            .unrecognised, path: place, "there are no data that we read; " + LeanName.expected)
    }

    func opened() throws(MarketDataError) -> OpenedData {
        let series = try LeanSeries.grouping(catalog.files, symbols: terms.map(\.symbol))
        let plan = DataPlan(options: options, terms: terms, series: series, tables: tables)
        var prints = catalog.files.map(\.fingerprint)
        for table in tables {
            let name = table.path.split(separator: "/").last.map(String.init) ?? table.path
            prints.append(InputFile(name: name, size: table.identity.size, crc32: table.checksum))
        }
        prints.sort { ($0.name, $0.crc32, $0.size) < ($1.name, $1.crc32, $1.size) }
        let bytes =
            catalog.files.reduce(0) { $0 + $1.member.size } + tables.reduce(0) { $0 + $1.identity.size }
        var survey: DataSurvey?
        if bytes <= options.surveyBytes {
            survey = try DataSurvey(plan, place: paths.joined(separator: ", "))
        }
        return OpenedData(
            description: sentences(survey), instruments: terms, fingerprint: prints,
            eventCount: survey?.events,
            plan: plan)
    }

    private func sentences(_ survey: DataSurvey?) -> [String] {
        let names = terms.map(\.symbol)
        let shown =
            names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
        let files = catalog.files.count + tables.count
        var lines = ["\(files) file\(files == 1 ? "" : "s"), \(shown)\(survey.map(\.summary) ?? "")."]
        if catalog.files.contains(where: {
            $0.name.market.assetClass == .equity && $0.name.resolution.isByDay
        }) {
            lines.append(hours(survey))
        }
        if catalog.files.contains(where: { $0.name.market.assetClass == .forex }) {
            lines.append("Forex files hold no sizes: each side shows \(LeanRows.forexSize).")
        }
        for table in tables { lines += incrementSentences(table) }
        if let survey {
            lines += survey.counts.sentences
        } else {
            lines.append(
                "The data are large: rows are checked, and what is left out is counted, while they are read.")
        }
        if catalog.passedOver > 0 {
            let first = catalog.firstPassedOver ?? ""
            lines.append(
                "\(catalog.passedOver) other files in the folders were not taken (the first: \(first)).")
        }
        return lines
    }

    private func hours(_ survey: DataSurvey?) -> String {
        switch options.hours {
        case .all: return "Hours: all, every row of the equity files is taken."
        case .regular:
            let left = survey.map { " (\(rows($0.counts.outsideHours)) left out)" } ?? ""
            return
                "Hours: regular, equities from 09:30 up to 16:00 New York time\(left); "
                + "--hours all takes every row."
        }
    }

    private func incrementSentences(_ table: CSVTable) -> [String] {
        table.places.compactMap { place in
            guard let place else { return nil }
            let terms = terms[Int(place.rawValue)]
            return
                "\(terms.symbol): price increment \(terms.priceIncrement), "
                + "size increment \(terms.sizeIncrement), "
                + "currency \(terms.currency)."
        }
    }
}

/// One pass over all rows before the first event is handed out.
private struct DataSurvey {
    var events: UInt64 = 0
    var counts = ReadingCounts()
    private var quotes = 0
    private var trades = 0
    private var bars = 0
    private var first = Timestamp(microseconds: 0)
    private var last = Timestamp(microseconds: 0)

    init(_ plan: DataPlan, place: String) throws(MarketDataError) {
        var source = FileSource(plan)
        var symbols = SymbolTable()
        var event = MarketEvent(kind: .end, symbol: .none, timestamp: first)
        while try source.next(into: &event, symbols: &symbols) {
            switch event.kind {
            case .quote: quotes += 1
            case .trade: trades += 1
            case .bar: bars += 1
            case .instrument, .clock, .end: continue
            }
            if quotes + trades + bars == 1 { first = event.timestamp }
            last = event.timestamp
        }
        events = source.position
        counts = source.counts
        guard quotes + trades + bars > 0 else {
            let outside =
                "; \(rows(counts.outsideHours)) left out for lying outside of 09:30–16:00, see --hours all"
            throw MarketDataError(
                .unrecognised, path: place,
                "the data hold no row that is taken\(counts.outsideHours > 0 ? outside : "")")
        }
    }

    /// `: 125749 quotes, 33381 trades, 2013-10-08 to 2013-10-08`.
    var summary: String {
        var parts: [String] = []
        if quotes > 0 { parts.append("\(quotes) quote\(quotes == 1 ? "" : "s")") }
        if trades > 0 { parts.append("\(trades) trade\(trades == 1 ? "" : "s")") }
        if bars > 0 { parts.append("\(bars) bar\(bars == 1 ? "" : "s")") }
        return ": \(parts.joined(separator: ", ")), \(Self.day(first)) to \(Self.day(last)) UTC"
    }

    private static func day(_ time: Timestamp) -> String {
        let length: Int64 = 86_400_000_000
        let number = time.microseconds / length - (time.microseconds % length < 0 ? 1 : 0)
        return CivilDay(number: Int32(number)).description
    }
}
