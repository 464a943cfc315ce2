// Files of one symbol in order of days, as the merge reads them.

import Contracts

/// The files of one symbol, market, resolution and kind, by day.
struct LeanRun: Sendable {
    var market: LeanMarket
    var resolution: LeanResolution
    var kind: LeanRowKind
    var files: [LeanFile]
}

/// What makes one ordered stream: tick files of one kind, or the trade bars and quote bars of one interval,
/// which are joined.
struct LeanSeries: Sendable {
    /// Place of the symbol among all symbols in byte order.
    var symbol: SymbolIndex
    var trade: LeanRun?
    var quote: LeanRun?

    /// Series in the order of symbol, resolution, kind. `symbols` are all symbols in byte order.
    ///
    /// Throws when two markets hold one symbol, or two files one day.
    static func grouping(
        _ files: [LeanFile], symbols: [String]
    ) throws(MarketDataError) -> [LeanSeries] {
        let order = files.sorted { left, right in
            if left.name.symbol != right.name.symbol { return precedes(left.name.symbol, right.name.symbol) }
            let (first, second) = (left.name, right.name)
            if first.resolution != second.resolution {
                return first.resolution.seconds < second.resolution.seconds
            }
            if first.kind != second.kind { return first.kind == .quote }
            if first.day != second.day { return (first.day?.number ?? 0) < (second.day?.number ?? 0) }
            return precedes(left.archive.path, right.archive.path)
        }
        var runs: [LeanRun] = []
        var last: LeanName?
        for file in order {
            let name = file.name
            if let last, last.symbol == name.symbol {
                try check(file, after: last, in: runs)
                if last.resolution == name.resolution && last.kind == name.kind {
                    runs[runs.count - 1].files.append(file)
                    continue
                }
            }
            runs.append(
                LeanRun(market: name.market, resolution: name.resolution, kind: name.kind, files: [file]))
            last = name
        }
        return joining(runs, symbols: symbols)
    }

    private static func check(
        _ file: LeanFile, after last: LeanName, in runs: [LeanRun]
    ) throws(MarketDataError) {
        let name = file.name
        guard name.market == last.market else {
            throw MarketDataError(
                .badSymbol, path: file.archive.path,
                "\(name.symbol) is also in \(last.market.folder); "
                    + "take \(name.market.folder) or that"
            )
        }
        guard let run = runs.last, run.resolution == name.resolution, run.kind == name.kind,
            let before = run.files.last, before.name.day == name.day
        else { return }
        throw MarketDataError(
            .badSymbol, path: file.archive.path,
            "the same rows as in \(before.archive.path) are meant; take one of the two files")
    }

    private static func joining(_ runs: [LeanRun], symbols: [String]) -> [LeanSeries] {
        var index: [String: Int32] = [:]
        for (place, symbol) in symbols.enumerated() { index[symbol] = Int32(place) }
        var series: [LeanSeries] = []
        var previous: LeanRun?
        for run in runs {
            let symbol = SymbolIndex(index[run.files[0].name.symbol]!)
            // Quote runs come first, so the trade run of the same bars follows directly.
            if run.kind == .trade, run.resolution != .tick, let last = series.last, last.symbol == symbol,
                last.trade == nil, previous?.resolution == run.resolution
            {
                series[series.count - 1].trade = run
            } else {
                series.append(
                    LeanSeries(
                        symbol: symbol, trade: run.kind == .trade ? run : nil,
                        quote: run.kind == .quote ? run : nil))
            }
            previous = run
        }
        return series
    }
}

/// Byte order, which is the order of symbols everywhere.
func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
