// A CSV file in the merge, and the pass over it at opening.

import Contracts

/// The events of one CSV file, those of symbols and days that are not wanted left out.
final class CSVStream: EventStream {
    private let table: CSVTable
    private let from: Timestamp
    private let to: Timestamp
    private var reader: CSVReader?
    private var opened = false
    private var taken = 0

    init(_ table: CSVTable, _ options: DataOptions) {
        self.table = table
        from = options.from.map { LocalDay($0, in: .utc).start } ?? Timestamp(microseconds: .min)
        to = options.to.map { LocalDay($0.next, in: .utc).start } ?? Timestamp(microseconds: .max)
        super.init(MarketEvent(kind: .quote, symbol: .none, timestamp: Timestamp(microseconds: 0)))
    }

    override func advance() throws(MarketDataError) -> StreamState {
        if !opened {
            opened = true
            reader = try CSVReader(path: table.path, identity: table.identity)
        }
        while let reader, try reader.read(into: &head.pointee) {
            guard let place = table.places[Int(head.pointee.symbol.rawValue)], head.pointee.timestamp >= from,
                head.pointee.timestamp < to
            else { continue }
            head.pointee.symbol = place
            taken += 1
            return .event
        }
        return .ended
    }

    override var counts: ReadingCounts {
        var counts = ReadingCounts()
        counts.taken = taken
        counts.roundedSizes = reader?.roundedSizes ?? 0
        return counts
    }
}

extension CSVTable {
    /// Reads a whole file: every error in it, its symbols, its checksum, and the increments that its decimals
    /// show, at most 0.01 and 1.
    static func surveying(path: String, identity: FileIdentity) throws(MarketDataError) -> CSVTable {
        let reader = try CSVReader(path: path, identity: identity)
        var terms: [InstrumentTerms] = []
        var event = MarketEvent(kind: .quote, symbol: .none, timestamp: Timestamp(microseconds: 0))
        while try reader.read(into: &event) {
            let place = Int(event.symbol.rawValue)
            if place == terms.count {
                terms.append(
                    InstrumentTerms(
                        symbol: reader.symbols.name(of: event.symbol),
                        priceIncrement: Price(units: 1_000_000),
                        sizeIncrement: Quantity(whole: 1), currency: ShortCode("USD")!))
            }
            for price in [event.bid, event.ask, event.price, event.open, event.high, event.low] {
                while price.units % terms[place].priceIncrement.units != 0 {
                    terms[place].priceIncrement.units /= 10
                }
            }
            for size in [event.bidSize, event.askSize, event.size] {
                while size.units % terms[place].sizeIncrement.units != 0 {
                    terms[place].sizeIncrement.units /= 10
                }
            }
        }
        guard !terms.isEmpty else {
            throw MarketDataError(.unrecognised, path: path, "the file has a first line but no rows")
        }
        return CSVTable(
            path: path, identity: identity, checksum: reader.checksum, symbols: reader.symbols.names,
            terms: terms)
    }
}
