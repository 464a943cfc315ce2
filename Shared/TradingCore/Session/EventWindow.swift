import Contracts

/// The newest market events of a whole stream, by `seq`, without a hole.
///
/// A ring of fixed size: appending and reading are an index each. Sessions stand at different places in it;
/// whoever needs an older event than it holds starts the feed again from there (`restart(at:)`). The places
/// of each symbol are listed, so that of many sessions each finds its own events without passing over those
/// of all others.
package struct EventWindow: Sendable {
    /// Events held at most; a full window pauses the feed. 2^17 of 128 bytes are 16 MiB.
    package static let capacity: UInt64 = 131_072

    /// The oldest event held.
    package private(set) var first: UInt64
    /// The `seq` that the next event must have.
    package private(set) var next: UInt64
    private var ring: [MarketEvent]
    /// Where the events of each symbol stand, by symbol, and those that concern everybody.
    private var places: [PlaceList] = []
    private var common = PlaceList()
    private let mask: UInt64

    /// - Parameter capacity: a power of two.
    package init(startingAt seq: UInt64, capacity: UInt64 = EventWindow.capacity) {
        precondition(capacity.nonzeroBitCount == 1, "the capacity is a power of two")
        first = seq
        next = seq
        mask = capacity - 1
        let blank = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
        ring = Array(repeating: blank, count: Int(capacity))
    }

    package var isFull: Bool { next - first > mask }

    /// Appends the event after the newest. The window must not be full.
    @inlinable
    package mutating func append(_ event: MarketEvent) {
        precondition(event.seq == next && !isFull, "events are appended in order to a window with room")
        set(event)
    }

    /// The event with this `seq`, which must be held.
    @inlinable
    package subscript(seq: UInt64) -> MarketEvent {
        precondition(seq >= first && seq < next, "the event is held")
        return element(seq)
    }

    /// Lets go of everything before `seq`.
    package mutating func drop(before seq: UInt64) {
        if seq > first { first = min(seq, next) }
    }

    /// Empties the window; the next event must be `seq`.
    package mutating func restart(at seq: UInt64) {
        first = seq
        next = seq
        for index in places.indices { places[index].removeAll() }
        common.removeAll()
    }

    package mutating func set(_ event: MarketEvent) {
        ring[Int(next & mask)] = event
        if event.symbol == .none {
            common.append(next, keeping: first)
        } else {
            let index = Int(event.symbol.rawValue)
            while places.count <= index { places.append(PlaceList()) }
            places[index].append(next, keeping: first)
        }
        next += 1
    }

    /// The first event from this one on that concerns these symbols; nil when none is held. Events from `seq`
    /// on must be held. Costs a comparison where that is the event at `seq`, else a search a symbol.
    package func first(of symbols: SymbolSet, from seq: UInt64) -> UInt64? {
        guard seq < next else { return nil }
        precondition(seq >= first, "the event is held")
        if symbols.contains(ring[Int(seq & mask)]) { return seq }
        var found = common.first(from: seq)
        for symbol in symbols.symbols where Int(symbol.rawValue) < places.count {
            found = min(found, places[Int(symbol.rawValue)].first(from: seq))
        }
        return found == .max ? nil : found
    }

    package func element(_ seq: UInt64) -> MarketEvent { ring[Int(seq & mask)] }
}

/// Ascending places of events; those that the window has dropped go now and then.
private struct PlaceList: Sendable {
    private var places: [UInt64] = []
    /// Those before it were dropped.
    private var head = 0

    mutating func append(_ place: UInt64, keeping first: UInt64) {
        while head < places.count, places[head] < first { head += 1 }
        if head > 64, head * 2 > places.count {
            places.removeFirst(head)
            head = 0
        }
        places.append(place)
    }

    mutating func removeAll() {
        places.removeAll(keepingCapacity: true)
        head = 0
    }

    /// The first place that is not before this one; the greatest number when there is none.
    func first(from place: UInt64) -> UInt64 {
        guard let last = places.last, last >= place else { return .max }
        var (low, high) = (head, places.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < place { low = middle + 1 } else { high = middle }
        }
        return places[low]
    }
}

/// The symbols of one session, as a test that costs a comparison or two.
package struct SymbolSet: Sendable {
    package let symbols: [SymbolIndex]
    @usableFromInline let only: SymbolIndex
    @usableFromInline let member: [Bool]

    package init(_ symbols: [SymbolIndex]) {
        self.symbols = symbols
        only = symbols.count == 1 ? symbols[0] : .none
        var member = Array(repeating: false, count: Int(symbols.map(\.rawValue).max() ?? -1) + 1)
        for symbol in symbols { member[Int(symbol.rawValue)] = true }
        self.member = member
    }

    /// Whether the event belongs to the session: its symbols, clock and end.
    @inlinable
    package func contains(_ event: borrowing MarketEvent) -> Bool {
        let symbol = event.symbol
        if symbol == .none { return true }
        if only != .none { return symbol == only }
        let index = Int(symbol.rawValue)
        return index < member.count && member[index]
    }
}
