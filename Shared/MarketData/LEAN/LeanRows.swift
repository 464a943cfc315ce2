// Rows of LEAN files as events, one file after the other, from the bytes of one block at a time.
//
// Equity ticks    ms,bid,bid size,ask,ask size,exchange,conditions,suspicious    0: the other side is told
//                 ms,price,size,exchange,conditions,suspicious
// Forex ticks     ms,bid,ask                       no sizes: each side shows `forexSize`
// Crypto ticks    ms,bid,bid size,ask,ask size[,suspicious]         ms,price,size[,suspicious]
// Trade bars      time,open,high,low,close,volume
// Quote bars      time,bid open,high,low,close,size,ask open,high,low,close,size
//
// Time is milliseconds after local midnight, in hour and daily files `20131001 09:00`. Equity prices are
// times 10,000. A bar's timestamp is its end: its start plus its interval; of a daily bar the next local
// midnight, so that nobody sees it early. An equity's standing quote is forgotten at the start of each day.

import Contracts

/// Reads the rows of one run of files.
final class LeanRows {
    /// Size shown on each side where forex files have none.
    static let forexSize = Quantity(whole: 1_000_000)
    /// 09:30 and 16:00 in microseconds after midnight.
    static let opening: Int64 = 34_200_000_000
    static let closing: Int64 = 57_600_000_000

    private enum Format {
        case equityQuote, equityTrade, forexQuote, cryptoQuote, cryptoTrade, tradeBar, quoteBar
    }
    private enum Outcome { case taken, leftOut, malformed }

    private let run: LeanRun
    private let format: Format
    private let shift: Int
    private let interval: Int64
    private let from: CivilDay?
    private let to: CivilDay?
    /// Rows inside these microseconds of the day are taken.
    private let firstTime: Int64
    private let endTime: Int64
    private let isEquityDaily: Bool

    private var next = 0
    private let lines = LineStream()
    private var day = LocalDay(CivilDay(number: 0), in: .utc)
    private var line = 0
    /// Time and, of bars, start of the last row taken.
    private var lastTime = Timestamp(microseconds: .min)
    private var lastClose = Price.zero
    private var lastDay = CivilDay(number: 0)
    /// Set by a row that is earlier than the one before; read by `reject`.
    private var goesBack = false
    private(set) var counts = ReadingCounts()
    private var rejected: [RejectedRow] = []

    init(_ run: LeanRun, _ options: DataOptions) {
        self.run = run
        shift = run.market.priceShift
        interval = Int64(run.resolution.seconds) * 1_000_000
        (from, to) = (options.from, options.to)
        let filtered = run.market.assetClass == .equity && run.resolution.isByDay && options.hours == .regular
        firstTime = filtered ? Self.opening : 0
        endTime = filtered ? Self.closing : .max
        isEquityDaily = run.market.assetClass == .equity && run.resolution == .daily
        format =
            switch (run.resolution, run.kind, run.market.assetClass) {
            case (.tick, .quote, .equity): .equityQuote
            case (.tick, .trade, .equity): .equityTrade
            case (.tick, .quote, .forex): .forexQuote
            case (.tick, .quote, .crypto): .cryptoQuote
            case (.tick, .trade, _): .cryptoTrade
            case (_, .trade, _): .tradeBar
            case (_, .quote, _): .quoteBar
            }
    }

    /// An event of the kind that the rows make, to be filled again and again by `read`.
    func blank(symbol: SymbolIndex) -> MarketEvent {
        let kind: MarketEvent.Kind = run.resolution != .tick ? .bar : run.kind == .quote ? .quote : .trade
        var event = MarketEvent(kind: kind, symbol: symbol, timestamp: Timestamp(microseconds: 0))
        event.interval = run.resolution.seconds
        return event
    }

    /// No row of the next file is earlier than this; nil when there is no next file.
    var bound: Timestamp? {
        guard next < run.files.count else { return nil }
        guard let day = run.files[next].name.day else { return Timestamp(microseconds: .min) }
        return LocalDay(day, in: run.market.zone).start
    }

    /// Whether a file is open.
    var isOpen: Bool { lines.isOpen }

    /// Opens the next file. The last one's memory is free by then.
    func open(_ event: inout MarketEvent) throws(MarketDataError) {
        precondition(!lines.isOpen && next < run.files.count, "one file is open at a time")
        let file = run.files[next]
        next += 1
        lines.open(try ZipMemberFile(file.archive, file.member))
        line = 0
        if let civil = file.name.day { day = LocalDay(civil, in: run.market.zone) }
        // Yesterday's last quote stands no more.
        event.has = []
        (event.bid, event.ask) = (.zero, .zero)
        (event.bidSize, event.askSize) = (.zero, .zero)
    }

    /// The next row of the open file. False at its end: then it is closed.
    ///
    /// `event` is the one that `blank` made and the last call filled: an equity's other side stands in it.
    func read(into event: inout MarketEvent) throws(MarketDataError) -> Bool {
        guard lines.isOpen else { return false }
        while true {
            if lines.at == lines.limit {
                guard try lines.refill() else {
                    lines.close()
                    return false
                }
            }
            let start = lines.at
            line += 1
            var scan = FieldScanner(start)
            let outcome = parse(&scan, into: &event)
            lines.at = scan.nextLine()
            switch outcome {
            case .taken:
                counts.taken += 1
                counts.roundedSizes += scan.rounded
                return true
            case .leftOut: continue
            case .malformed: try reject(scan, UnsafeBufferPointer(start: start, count: lines.at - start - 1))
            }
        }
    }

    // MARK: Rows

    @inline(__always)
    private func parse(_ scan: inout FieldScanner, into event: inout MarketEvent) -> Outcome {
        var time: Timestamp
        var end: Timestamp
        if run.resolution.isByDay {
            let local = scan.millisecondsOfDay()
            if local < firstTime || local >= endTime {
                if scan.problem != .none { return .malformed }
                counts.outsideHours += 1
                return .leftOut
            }
            time = day.utc(local)
            end = time.advanced(byMicroseconds: interval)
        } else {
            guard let (civil, local) = scan.dayAndTime() else { return .malformed }
            if let from, civil < from { return .leftOut }
            if let to, civil > to { return .leftOut }
            lastDay = civil
            time = LocalDay(civil, in: run.market.zone).utc(local)
            end =
                run.resolution == .daily
                ? LocalDay(civil.next, in: run.market.zone).utc(local)
                : time.advanced(byMicroseconds: interval)
        }
        // Bars start later each time, ticks may share a moment; what goes back would break the order of the
        // whole.
        guard interval == 0 ? time >= lastTime : time > lastTime else {
            if scan.problem == .none { goesBack = true }
            return .malformed
        }
        let outcome = fields(&scan, into: &event)
        if outcome == .taken {
            lastTime = time
            event.timestamp = end
            event.openTime = time
        }
        return outcome
    }

    @inline(__always)
    private func fields(_ scan: inout FieldScanner, into event: inout MarketEvent) -> Outcome {
        switch format {
        case .equityQuote: equityQuote(&scan, &event)
        case .equityTrade: trade(&scan, &event, hasConditions: true)
        case .forexQuote: forexQuote(&scan, &event)
        case .cryptoQuote: cryptoQuote(&scan, &event)
        case .cryptoTrade: trade(&scan, &event, hasConditions: false)
        case .tradeBar: tradeBar(&scan, &event)
        case .quoteBar: quoteBar(&scan, &event)
        }
    }

    @inline(__always)
    private func equityQuote(_ scan: inout FieldScanner, _ event: inout MarketEvent) -> Outcome {
        let bid = scan.price(shift: shift)
        let bidSize = scan.size()
        let ask = scan.price(shift: shift)
        let askSize = scan.size()
        let exchange = scan.shortCode()
        let conditions = scan.shortCode()
        let suspicious = scan.flag()
        scan.endLine()
        if scan.problem != .none || bid.units < 0 || ask.units < 0 { return .malformed }
        if suspicious {
            counts.suspicious += 1
            return .leftOut
        }
        if bid.units > 0 {
            event.bid = bid
            event.bidSize = bidSize
            event.has.insert(.bid)
        }
        if ask.units > 0 {
            event.ask = ask
            event.askSize = askSize
            event.has.insert(.ask)
        }
        event.code = exchange
        event.detail = conditions
        return .taken
    }

    @inline(__always)
    private func trade(
        _ scan: inout FieldScanner, _ event: inout MarketEvent, hasConditions: Bool
    ) -> Outcome {
        let price = scan.price(shift: shift)
        let size = scan.size()
        var exchange = ShortCode.none
        var conditions = ShortCode.none
        if hasConditions {
            exchange = scan.shortCode()
            conditions = scan.shortCode()
        }
        let suspicious = hasConditions || !scan.atEndOfLine ? scan.flag() : false
        scan.endLine()
        if scan.problem != .none || price.units <= 0 { return .malformed }
        if suspicious {
            counts.suspicious += 1
            return .leftOut
        }
        event.price = price
        event.size = size
        event.code = exchange
        event.detail = conditions
        return .taken
    }

    private func forexQuote(_ scan: inout FieldScanner, _ event: inout MarketEvent) -> Outcome {
        let bid = scan.price(shift: shift)
        let ask = scan.price(shift: shift)
        scan.endLine()
        return quote(scan, &event, bid, ask, Self.forexSize, Self.forexSize)
    }

    private func cryptoQuote(_ scan: inout FieldScanner, _ event: inout MarketEvent) -> Outcome {
        let bid = scan.price(shift: shift)
        let bidSize = scan.size()
        let ask = scan.price(shift: shift)
        let askSize = scan.size()
        let suspicious = scan.atEndOfLine ? false : scan.flag()
        scan.endLine()
        if suspicious && scan.problem == .none {
            counts.suspicious += 1
            return .leftOut
        }
        return quote(scan, &event, bid, ask, bidSize, askSize)
    }

    /// Both sides of a quote; a price of 0 is no side.
    private func quote(
        _ scan: FieldScanner, _ event: inout MarketEvent, _ bid: Price, _ ask: Price, _ bidSize: Quantity,
        _ askSize: Quantity
    ) -> Outcome {
        if scan.problem != .none || bid.units < 0 || ask.units < 0 { return .malformed }
        event.has = []
        if bid.units > 0 { event.has.insert(.bid) }
        if ask.units > 0 { event.has.insert(.ask) }
        (event.bid, event.bidSize) = (bid, bid.units > 0 ? bidSize : .zero)
        (event.ask, event.askSize) = (ask, ask.units > 0 ? askSize : .zero)
        return .taken
    }

    private func tradeBar(_ scan: inout FieldScanner, _ event: inout MarketEvent) -> Outcome {
        let open = scan.price(shift: shift)
        let high = scan.price(shift: shift)
        let low = scan.price(shift: shift)
        let close = scan.price(shift: shift)
        let volume = scan.size()
        scan.endLine()
        if scan.problem != .none || min(open, high, low, close).units <= 0 { return .malformed }
        (event.open, event.high, event.low) = (open, high, low)
        (event.price, event.size) = (close, volume)
        if isEquityDaily { watchForSplit(open: open, close: close) }
        return .taken
    }

    /// Bars that only quotes tell of: prices are mids, halves of 1e-8 down, volume 0. With one side only,
    /// that side's prices.
    private func quoteBar(_ scan: inout FieldScanner, _ event: inout MarketEvent) -> Outcome {
        let bidOpen = scan.price(shift: shift)
        let bidHigh = scan.price(shift: shift)
        let bidLow = scan.price(shift: shift)
        let bidClose = scan.price(shift: shift)
        let bidSize = scan.size()
        let askOpen = scan.price(shift: shift)
        let askHigh = scan.price(shift: shift)
        let askLow = scan.price(shift: shift)
        let askClose = scan.price(shift: shift)
        let askSize = scan.size()
        scan.endLine()
        let isForex = run.market.assetClass == .forex
        let outcome = quote(
            scan, &event, bidClose, askClose, isForex && bidSize == .zero ? Self.forexSize : bidSize,
            isForex && askSize == .zero ? Self.forexSize : askSize)
        if outcome == .malformed || event.has == [] { return .malformed }
        event.open = Self.middle(bidOpen, askOpen)
        event.high = Self.middle(bidHigh, askHigh)
        event.low = Self.middle(bidLow, askLow)
        event.price = Self.middle(bidClose, askClose)
        event.size = .zero
        return .taken
    }

    private static func middle(_ bid: Price, _ ask: Price) -> Price {
        if bid.units <= 0 { return ask }
        if ask.units <= 0 { return bid }
        // Overflow-free floor of the mean of two positive numbers.
        return Price(units: (bid.units & ask.units) + ((bid.units ^ ask.units) >> 1))
    }

    // MARK: Findings

    /// The rows left out since the last call, at most `RejectedRow.maximumKept`.
    func takeRejected() -> [RejectedRow] {
        defer { rejected = [] }
        return rejected
    }

    /// Keeps a row that could not be read, or throws when it says that the file is not what its path says.
    private func reject(_ scan: FieldScanner, _ bytes: UnsafeBufferPointer<UInt8>) throws(MarketDataError) {
        defer { goesBack = false }
        // A blank line is no row.
        if bytes.allSatisfy({ $0 == 0x0d || $0 == 0x20 }) { return }
        let path = run.files[next - 1].archive.path
        if scan.problem == .priceTooFine {
            throw MarketDataError(
                .priceTooFine, path: path, line: line,
                "column \(scan.column) \(scan.problem.sentence); the file is refused")
        }
        var problem = goesBack ? "the row goes back in time" : "a price is zero or negative"
        if scan.problem != .none { problem = "column \(scan.column) \(scan.problem.sentence)" }
        // One bad row is left out; a first one says that these are other rows than the path promises.
        if line == 1 && scan.problem != .none {
            throw MarketDataError(
                .badRow, path: path, line: line,
                "\(problem); these are not the rows that \(run.files[next - 1].name.relativePath) should hold"
            )
        }
        let row = RejectedRow(
            path: path, line: line, bytes: Array(bytes.prefix(RejectedRow.maximumBytes)), problem: problem)
        counts.rejected += 1
        if counts.firstRejected == nil { counts.firstRejected = row }
        if rejected.count < RejectedRow.maximumKept { rejected.append(row) }
    }

    /// Names a jump of more than 40 % from one day's close to the next one's open. Prices are raw, so a split
    /// shows as a jump; so does a crash.
    private func watchForSplit(open: Price, close: Price) {
        defer { lastClose = close }
        let change = Int128(open.units) - Int128(lastClose.units)
        guard lastClose.units > 0, change.magnitude * 10 > UInt128(lastClose.units.magnitude) * 4 else {
            return
        }
        guard counts.jumps.count < ReadingCounts.maximumJumps else {
            counts.furtherJumps += 1
            return
        }
        let percent = change * 100 / Int128(lastClose.units)
        counts.jumps.append(
            "\(run.files[0].name.symbol) \(lastDay): opens at \(open) after a close of \(lastClose) "
                + "(\(percent > 0 ? "+" : "")\(percent) %): a possible split; prices are raw.")
    }
}
