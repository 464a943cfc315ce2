// How fast trades are booked. Not a check of correctness: runs only when asked for, with
// STORE_THROUGHPUT_ROWS=1000000 [STORE_THROUGHPUT_FOLDER=DIR] swift test -c release --filter Throughput

import Contracts
import Foundation
import Testing

@testable import Persistence

private let rows = ProcessInfo.processInfo.environment["STORE_THROUGHPUT_ROWS"].flatMap { Int($0) }

@Suite("Throughput", .serialized, .enabled(if: rows != nil, "set STORE_THROUGHPUT_ROWS to measure"))
struct ThroughputTests {
    @Test("rows a second at several batch sizes", arguments: [1, 100, 1000]) func booking(size: Int) throws {
        let count = size == 1 ? (rows ?? 0) / 10 : rows ?? 0
        let folder = try Folder(in: ProcessInfo.processInfo.environment["STORE_THROUGHPUT_FOLDER"])
        let store = try folder.open()
        let strategies = (0..<8).map { "sma-cross-\($0)" }
        let symbols = ["AAPL", "MSFT", "NVDA", "SPY", "T", "GOOGL", "BRK.B", "BTC-USD"]
        var elapsed = Duration.zero
        var cpu = 0
        var next = 0
        while next < count {
            let trades = (next..<min(next + size, count)).map {
                trade(strategies[$0 & 7], UInt64($0 >> 3) + 1, symbol: symbols[($0 >> 3) & 7])
            }
            let one = batch(UInt64(next + 1), trades)
            next += trades.count
            let before = clock()
            elapsed += try ContinuousClock().measure {
                try store.book(one) { _ in
                    BookingFollowUp(performance: strategies.map { performance($0, trades: 1) })
                }
            }
            cpu += clock() - before
        }
        // Of the processor too: on a busy machine the wall says little.
        print(
            "batches of \(size): \(Int(Double(count) / (elapsed / .seconds(1)))) rows/s,"
                + " \(cpu / (count / 1000)) ns of processor time a row")
        guard size == 1000 else { return }
        var bytes = 0
        let reading = try ContinuousClock().measure {
            try store.forEachLedgerLine { bytes += $0.count }
        }
        print("ledger: \(Int(Double(count) / (reading / .seconds(1)))) lines/s, \(bytes) bytes")
        #expect(bytes > count)
    }
}
