// The ring of market events that every session reads.

import Contracts
import Testing
import TradingCore

@Suite struct EventWindowTests {
    @Test func aWindowHoldsTheNewestEventsAndWrapsAround() {
        var window = EventWindow(startingAt: 5, capacity: 4)
        for seq in 5...40 as ClosedRange<UInt64> {
            if window.isFull { window.drop(before: window.first + 1) }
            window.append(quote(seq, at: Int64(seq)))
            #expect(window[seq].seq == seq)
            #expect(window[window.first].seq == window.first)
        }
        #expect(window.first == 37)
        #expect(window.next == 41)
    }

    @Test(
        arguments: [
            // dropped before, first and next after it
            (0, 1, 5), (1, 1, 5), (3, 3, 5), (5, 5, 5), (9, 5, 5),
        ] as [(UInt64, UInt64, UInt64)])
    func droppingNeverGoesBackNorBeyondTheNewest(seq: UInt64, first: UInt64, next: UInt64) {
        var window = makeWindow((1...4).map { quote($0, at: 1) }, capacity: 4)
        #expect(window.isFull)
        window.drop(before: seq)
        #expect(window.first == first)
        #expect(window.next == next)
        #expect(window.isFull == (first == 1))
    }

    @Test func aWindowCanBeginAgainAnywhere() {
        var window = makeWindow((1...4).map { quote($0, at: 1) }, capacity: 4)
        window.restart(at: 2)
        #expect(window.first == 2 && window.next == 2 && !window.isFull)
        window.append(quote(2, at: 1))
        #expect(window[2].seq == 2)
    }

    @Test(
        arguments: [
            ([0], 0, true), ([0], 1, false), ([1, 3], 1, true), ([1, 3], 2, false), ([1, 3], 9, false),
            ([], 0, false),
        ] as [([Int32], Int32, Bool)])
    func aSessionSeesItsSymbols(symbols: [Int32], symbol: Int32, isMember: Bool) {
        let set = SymbolSet(symbols.map { SymbolIndex($0) })
        #expect(set.contains(quote(1, at: 1, of: SymbolIndex(symbol))) == isMember)
        #expect(set.contains(event(.clock, 2, at: 1)))
        #expect(set.contains(event(.end, 3, at: 1)))
    }
}
