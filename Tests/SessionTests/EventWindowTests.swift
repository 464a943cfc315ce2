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

    /// Against passing over every event; the window wraps, drops and begins again.
    @Test func aSessionFindsItsNextEvent() {
        var random = SplitMix64(seed: 11)
        let sets = [[0], [3], [1, 2], [0, 5], [9]].map { SymbolSet($0.map { SymbolIndex($0) }) }
        var window = EventWindow(startingAt: 1, capacity: 256)
        var finds = 0
        for turn in 0..<3_000 {
            if turn % 700 == 699 { window.restart(at: UInt64(random.within(1...Int(window.next)))) }
            for _ in 0..<random.within(0...5) where !window.isFull {
                // A symbol may be silent for longer than the window reaches.
                let symbol = SymbolIndex(Int32(random.within(turn % 900 < 300 ? 0...5 : 1...4)))
                let next =
                    random.chance(0.02)
                    ? event(.clock, window.next, at: 1) : quote(window.next, at: 1, of: symbol)
                window.append(next)
            }
            if random.chance(0.6) { window.drop(before: window.first + UInt64(random.within(0...6))) }
            guard window.first < window.next else { continue }
            let seq = window.first + UInt64(random.below(Int(window.next - window.first)))
            for set in sets {
                let expected = (seq..<window.next).first { set.contains(window[$0]) }
                let found = window.first(of: set, from: seq)
                #expect(found == expected)
                finds += found == nil ? 0 : 1
            }
            #expect(window.first(of: sets[0], from: window.next) == nil)
        }
        #expect(finds > 5_000)
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
