// The merge of all files: by timestamp, then quote before trade before bar, then symbol in byte order, then
// the shorter bar, then row number. Gateway and backtest read through this one merge.
//
// A heap of one key a stream; a step costs log(streams) comparisons of two integers. A file is opened when
// its day has come and its memory is free at its end, so memory grows with the number of symbols, not with
// the data.

import Contracts

/// What will be read.
struct DataPlan: Sendable {
    var options: DataOptions
    /// All symbols in byte order, with their terms at the same places.
    var terms: [InstrumentTerms]
    var series: [LeanSeries]
    var tables: [CSVTable]
}

/// Finite data from files. Before the first event of a symbol comes its `instrument` event; the last event is
/// `end`.
///
/// Not Sendable: made and used in one place, see `OpenedData.makeSource`.
package struct FileSource: MarketDataSource {
    private struct Key: Comparable {
        var time: Int64
        /// Kind, symbol, interval and stream, the weightiest first.
        var rank: UInt64

        @inline(__always)
        static func < (left: Key, right: Key) -> Bool {
            left.time != right.time ? left.time < right.time : left.rank < right.rank
        }
    }

    package private(set) var position: UInt64 = 0
    private let terms: [InstrumentTerms]
    private let streams: [EventStream]
    private var heap: [Key] = []
    private var indices: [SymbolIndex] = []
    private var announced: [Bool]
    private var started = false
    private var ended = false
    private var last = Timestamp(microseconds: 0)

    init(_ plan: DataPlan) {
        terms = plan.terms
        var streams: [EventStream] = []
        for series in plan.series {
            if let run = series.trade ?? series.quote, run.resolution == .tick {
                streams.append(LeanTickStream(run, symbol: series.symbol, plan.options))
            } else {
                streams.append(LeanBarStream(series, plan.options))
            }
        }
        for table in plan.tables { streams.append(CSVStream(table, plan.options)) }
        self.streams = streams
        announced = Array(repeating: false, count: plan.terms.count)
    }

    package mutating func next(
        into event: inout MarketEvent, symbols: inout SymbolTable
    ) throws(MarketDataError) -> Bool {
        if !started { try start(&symbols) }
        while let top = heap.first {
            let stream = streams[Int(top.rank & Self.streamMask)]
            // Kind 0: the stream has no event yet, only a moment before which it has none.
            if top.rank >> 62 == 0 {
                try step(stream, top)
                continue
            }
            let place = Int(stream.head.pointee.symbol.rawValue)
            position += 1
            if !announced[place] {
                announced[place] = true
                event = terms[place].event(symbol: indices[place], at: stream.head.pointee.timestamp)
                return true
            }
            event = stream.head.pointee
            event.symbol = indices[place]
            last = event.timestamp
            try step(stream, top)
            return true
        }
        if ended { return false }
        ended = true
        position += 1
        event = MarketEvent(kind: .end, symbol: .none, timestamp: last)
        return true
    }

    /// What was left out so far, as sentences; complete after the `end` event.
    package var findings: [String] { counts.sentences }

    package var rejectedCount: Int { counts.rejected }

    /// Rows that could not be normalised, since the last call; at most `RejectedRow.maximumKept` a stream.
    package mutating func takeRejected() -> [RejectedRow] { streams.flatMap { $0.takeRejected() } }

    var counts: ReadingCounts {
        var sum = ReadingCounts()
        for stream in streams { sum.add(stream.counts) }
        return sum
    }

    /// Time of the last event handed out.
    var lastTime: Timestamp { last }

    // MARK: Heap

    private static let streamMask: UInt64 = (1 << 22) - 1

    private mutating func start(_ symbols: inout SymbolTable) throws(MarketDataError) {
        started = true
        precondition(streams.count <= Int(Self.streamMask), "streams fit their part of the key")
        for terms in terms {
            do {
                indices.append(try symbols.intern(terms.symbol))
            } catch {
                throw MarketDataError(.badSymbol, error.description)
            }
        }
        for (number, stream) in streams.enumerated() {
            guard let key = try Self.key(stream, UInt64(number)) else { continue }
            heap.append(key)
            var child = heap.count - 1
            while child > 0, heap[child] < heap[(child - 1) / 2] {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        }
    }

    private static func key(_ stream: EventStream, _ number: UInt64) throws(MarketDataError) -> Key? {
        switch try stream.advance() {
        case .ended: return nil
        case .later(let bound): return Key(time: bound.microseconds, rank: number)
        case .event:
            let kind: UInt64 =
                stream.head.pointee.kind == .quote ? 1 : stream.head.pointee.kind == .trade ? 2 : 3
            let symbol = UInt64(UInt32(bitPattern: stream.head.pointee.symbol.rawValue)) & 0x1_ffff
            let interval = UInt64(min(stream.head.pointee.interval, CSVTable.longestInterval))
            let rank = kind << 62 | symbol << 45 | interval << 22 | number
            return Key(time: stream.head.pointee.timestamp.microseconds, rank: rank)
        }
    }

    /// Advances the stream on top of the heap and puts it where it belongs.
    @inline(__always)
    private mutating func step(_ stream: EventStream, _ top: Key) throws(MarketDataError) {
        guard let key = try Self.key(stream, top.rank & Self.streamMask) else {
            let tail = heap.removeLast()
            if !heap.isEmpty { sink(tail) }
            return
        }
        sink(key)
    }

    /// Puts a key in the place of the top one.
    private mutating func sink(_ key: Key) {
        let count = heap.count
        var hole = 0
        while true {
            var child = hole * 2 + 1
            guard child < count else { break }
            if child + 1 < count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < key else { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = key
    }
}
