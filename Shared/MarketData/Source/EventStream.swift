// One ordered input of the merge. A stream says its next event, or before which moment it has none, so that a
// file is opened only when its day has come.

import Contracts

/// Where a stream stands.
enum StreamState: Sendable, Equatable {
    /// `head` is the next event.
    case event
    /// Nothing before this moment; `advance` then opens what comes.
    case later(Timestamp)
    case ended
}

/// An ordered stream of events with its next one in `head`. Symbols are places in byte order, not table
/// numbers.
class EventStream {
    /// The next event, while the state is `.event`.
    ///
    /// Unsafe: one event in memory of its own, because an `inout` property of a class costs a runtime check
    /// at every row. Owned by this object; only the merge and the stream itself touch it, one after the
    /// other.
    final let head: UnsafeMutablePointer<MarketEvent>

    init(_ first: MarketEvent) {
        head = .allocate(capacity: 1)
        head.initialize(to: first)
    }

    deinit { head.deallocate() }

    /// Goes to the next event.
    func advance() throws(MarketDataError) -> StreamState { preconditionFailure("a stream advances") }

    /// What was left out so far.
    var counts: ReadingCounts { ReadingCounts() }

    /// Rows left out since the last call.
    func takeRejected() -> [RejectedRow] { [] }
}

/// Ticks of one symbol and kind, day after day.
final class LeanTickStream: EventStream {
    private let rows: LeanRows
    private var waiting = false

    init(_ run: LeanRun, symbol: SymbolIndex, _ options: DataOptions) {
        rows = LeanRows(run, options)
        super.init(rows.blank(symbol: symbol))
    }

    override func advance() throws(MarketDataError) -> StreamState {
        if rows.isOpen, try rows.read(into: &head.pointee) { return .event }
        while let bound = rows.bound {
            if !waiting {
                waiting = true
                return .later(bound)
            }
            waiting = false
            try rows.open(&head.pointee)
            if try rows.read(into: &head.pointee) { return .event }
        }
        return .ended
    }

    override var counts: ReadingCounts { rows.counts }
    override func takeRejected() -> [RejectedRow] { rows.takeRejected() }
}

/// Bars of one symbol and interval: trade rows and quote rows of the same start are one bar, with prices and
/// volume from the trades, the closing bid and ask from the quotes.
final class LeanBarStream: EventStream {
    /// One of the two runs with its next row.
    private final class Side {
        let rows: LeanRows
        var head: MarketEvent
        var hasHead = false

        init(_ run: LeanRun, symbol: SymbolIndex, _ options: DataOptions) {
            rows = LeanRows(run, options)
            head = rows.blank(symbol: symbol)
        }

        func state() throws(MarketDataError) -> StreamState {
            if hasHead { return .event }
            if rows.isOpen { hasHead = try rows.read(into: &head) }
            if hasHead { return .event }
            return rows.bound.map { .later($0) } ?? .ended
        }
    }

    private let trade: Side?
    private let quote: Side?
    private var waiting = false

    init(_ series: LeanSeries, _ options: DataOptions) {
        trade = series.trade.map { Side($0, symbol: series.symbol, options) }
        quote = series.quote.map { Side($0, symbol: series.symbol, options) }
        super.init((trade ?? quote)!.head)
    }

    override func advance() throws(MarketDataError) -> StreamState {
        while true {
            let tradeState = try trade?.state() ?? .ended
            let quoteState = try quote?.state() ?? .ended
            switch (tradeState, quoteState) {
            case (.ended, .ended): return .ended
            case (.event, .event):
                return emit(tradeStart: trade?.head.openTime, quoteStart: quote?.head.openTime)
            case (.event, .later(let bound)):
                // The other side's file may hold a row of the same start or an earlier one.
                guard let trade, trade.head.openTime >= bound else {
                    return emit(tradeStart: .min, quoteStart: nil)
                }
                try open(quote)
            case (.later(let bound), .event):
                guard let quote, quote.head.openTime >= bound else {
                    return emit(tradeStart: nil, quoteStart: .min)
                }
                try open(trade)
            case (.event, .ended): return emit(tradeStart: .min, quoteStart: nil)
            case (.ended, .event): return emit(tradeStart: nil, quoteStart: .min)
            case (.later(let first), .later(let second)):
                if let bound = try wait(min(first, second)) { return .later(bound) }
                try open(first <= second ? trade : quote)
            case (.later(let first), .ended):
                if let bound = try wait(first) { return .later(bound) }
                try open(trade)
            case (.ended, .later(let second)):
                if let bound = try wait(second) { return .later(bound) }
                try open(quote)
            }
        }
    }

    /// The first time nothing is open the merge is told; the next call opens.
    private func wait(_ bound: Timestamp) throws(MarketDataError) -> Timestamp? {
        if waiting {
            waiting = false
            return nil
        }
        waiting = true
        return bound
    }

    private func open(_ side: Side?) throws(MarketDataError) {
        guard let side else { return }
        try side.rows.open(&side.head)
    }

    private func emit(tradeStart: Timestamp?, quoteStart: Timestamp?) -> StreamState {
        waiting = false
        if let trade, let tradeStart, tradeStart <= quoteStart ?? tradeStart {
            head.pointee = trade.head
            trade.hasHead = false
            guard let quote, quoteStart == tradeStart else { return .event }
            head.pointee.has = quote.head.has
            (head.pointee.bid, head.pointee.bidSize) = (quote.head.bid, quote.head.bidSize)
            (head.pointee.ask, head.pointee.askSize) = (quote.head.ask, quote.head.askSize)
            quote.hasHead = false
        } else if let quote {
            head.pointee = quote.head
            quote.hasHead = false
        }
        return .event
    }

    override var counts: ReadingCounts {
        var sum = trade?.rows.counts ?? ReadingCounts()
        if let quote { sum.add(quote.rows.counts) }
        return sum
    }

    override func takeRejected() -> [RejectedRow] {
        (trade?.rows.takeRejected() ?? []) + (quote?.rows.takeRejected() ?? [])
    }
}

extension Timestamp {
    /// Before every other moment.
    fileprivate static let min = Timestamp(microseconds: .min)
}
