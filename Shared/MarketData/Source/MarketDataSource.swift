// What every provider of finite or synthetic data gives: one ordered stream of events, a pure function of its
// settings and a position. No clock, no pacing: whoever publishes decides when.

import Contracts

/// An ordered stream of market events that ends with one `end` event.
///
/// The n-th event is always the same one for the same settings (and the same files), so a reader that knows
/// how many it has taken goes on after them: `skip(to:symbols:)`.
package protocol MarketDataSource {
    /// How many events were handed out or skipped; the next one has position `position + 1`.
    var position: UInt64 { get }

    /// The next event, in place. `seq` is 0: numbering is the publisher's. False after the `end` event.
    ///
    /// The same symbol table has to be passed every time; symbols are added in byte order at the first call.
    mutating func next(
        into event: inout MarketEvent, symbols: inout SymbolTable
    ) throws(MarketDataError) -> Bool

    /// How many rows could not be normalised so far.
    var rejectedCount: Int { get }

    /// The rows that could not be normalised since the last call; bounded, see `RejectedRow.maximumKept`.
    mutating func takeRejected() -> [RejectedRow]

    /// Goes on after `target` events. Never back: `target` is at least `position`. Stops early where the data
    /// end.
    mutating func skip(to target: UInt64, symbols: inout SymbolTable) throws(MarketDataError)
}

extension MarketDataSource {
    package var rejectedCount: Int { 0 }

    /// None: most sources refuse what they cannot read.
    package mutating func takeRejected() -> [RejectedRow] { [] }

    /// Reads and drops: as slow as reading.
    package mutating func skip(to target: UInt64, symbols: inout SymbolTable) throws(MarketDataError) {
        precondition(target >= position, "a source goes forward")
        var event = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
        while position < target {
            guard try next(into: &event, symbols: &symbols) else { return }
        }
    }
}

/// Why data cannot be read: a code for programs, one sentence for a person.
package struct MarketDataError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The path is missing, or may not be read.
        case unreadable
        /// Nothing in the path is data of a kind that we read.
        case unrecognised
        /// A zip file that is cut off, encrypted, too large or of an unknown kind.
        case badArchive = "bad_archive"
        /// A checksum does not match: the file is damaged.
        case damaged
        /// A column or a value that is not what the format says.
        case badRow = "bad_row"
        /// A price finer than 1e-8.
        case priceTooFine = "price_too_fine"
        /// Rows that go back in time.
        case outOfOrder = "out_of_order"
        /// A symbol was asked for that the data do not hold, or one that two markets hold.
        case badSymbol = "bad_symbol"
        /// A setting that makes no sense.
        case badSetting = "bad_setting"
        /// A file was changed while it was read.
        case changed
        /// A named limit was reached.
        case tooMuch = "too_much"
    }

    package var code: Code
    /// The file it is about; nil when it is about a setting.
    package var path: String?
    /// The line in the file or in the member of the zip, from 1.
    package var line: Int?
    /// What is wrong, without the place.
    package var problem: String

    package init(_ code: Code, path: String? = nil, line: Int? = nil, _ problem: String) {
        self.code = code
        self.path = path
        self.line = line
        self.problem = problem
    }

    /// One sentence: place, what is wrong, what to do.
    package var description: String {
        switch (path, line) {
        case (let path?, let line?): "\(path), line \(line): \(problem)"
        case (let path?, nil): "\(path): \(problem)"
        default: problem
        }
    }
}

/// A row that could not be normalised: left out, counted and kept with its bytes.
package struct RejectedRow: Sendable, Equatable {
    package var path: String
    /// From 1.
    package var line: Int
    /// The row's bytes, at most `maximumBytes` of them.
    package var bytes: [UInt8]
    /// What is wrong with it.
    package var problem: String

    package static let maximumBytes = 512
    /// So many are kept at a time; more are only counted.
    package static let maximumKept = 256
}
