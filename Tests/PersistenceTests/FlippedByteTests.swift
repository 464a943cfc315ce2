// Single flipped bytes in a database file: found when it is opened or read, found by the check of the ledger,
// or harmless. Never another ledger, position, metric or checkpoint without a word.
//
// FULL=1 flips 1,000; the seed of a run is printed with a failure.

import Contracts
import Foundation
import Testing

@testable import Persistence

@Suite("Flipped bytes") struct FlippedByteTests {
    private static let flips = ProcessInfo.processInfo.environment["FULL"] == nil ? 100 : 1_000

    /// Everything that a caller can read and that is about money or about going on.
    private struct Content: Equatable {
        var lines: [String]
        var positions: [PositionRow]
        var metrics: [PerformanceRow]
        var checkpoint: Checkpoint?
        var heads: [LedgerHead]

        init(_ store: DatabaseStore) throws {
            lines = try store.ledger()
            positions = try store.positions()
            metrics = try store.metrics()
            checkpoint = try store.checkpoint(source: "simulator")
            heads = try store.ledgerHeads()
        }
    }

    @Test("a flipped byte is found or harmless", arguments: [20_260_101] as [UInt64]) func flips(seed: UInt64)
        throws
    {
        let folder = try Folder()
        let store = try folder.open()
        for first in stride(from: 1, to: 600, by: 40) as StrideTo<UInt64> {
            let trades = (first..<first + 40).map { trade($0 % 2 == 0 ? "b" : "a-long-name", ($0 + 1) / 2) }
            try store.book(batch(first, trades)) { _ in
                BookingFollowUp(performance: [performance("a-long-name", trades: 9)])
            }
        }
        // Rows in the table, and rows in the archive.
        let archived = try store.archiveTrades(before: trade("b", 60).timestamp, isDryRun: false)
        #expect(archived.trades > 50)
        let content = try Content(store)
        try store.close()
        let original = try Data(contentsOf: URL(fileURLWithPath: folder.database))
        var numbers = SeededNumbers(seed: seed)
        var found = 0
        for _ in 0..<Self.flips {
            let place = Int.random(in: 0..<original.count, using: &numbers)
            let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &numbers)
            var damaged = original
            damaged[place] ^= bit
            try damaged.write(to: URL(fileURLWithPath: folder.database))
            for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.database + end) }
            if try isFound(folder, content) { found += 1 }
        }
        // Pages are mostly full of rows, so most flips must be found; the rest hit free space.
        #expect(found > Self.flips / 4, "seed \(seed)")
    }

    @Test("a flipped byte in the log is found, harmless, or leaves an earlier moment that is whole")
    func log() throws {
        print("seed 20260102")
        var numbers = SeededNumbers(seed: 20_260_102)
        let folder = try Folder()
        let store = try folder.open()
        // After a kill the log holds what was not moved into the database yet.
        var moments = [try Content(store)]
        for first in stride(from: 1, to: 240, by: 40) as StrideTo<UInt64> {
            try store.book(batch(first, (first..<first + 40).map { trade("a", $0) }))
            moments.append(try Content(store))
        }
        let files = try ["", "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: folder.database + $0)) }
        #expect(files[1].count > 10_000)
        let copy = try Folder()
        var earlier = 0
        for _ in 0..<Self.flips {
            var log = files[1]
            log[Int.random(in: 0..<log.count, using: &numbers)] ^=
                UInt8(1) << UInt8.random(in: 0..<8, using: &numbers)
            try files[0].write(to: URL(fileURLWithPath: copy.database))
            try log.write(to: URL(fileURLWithPath: copy.database + "-wal"))
            try? FileManager.default.removeItem(atPath: copy.database + "-shm")
            do {
                let opened = try copy.open()
                defer { try? opened.close() }
                guard try opened.checkLedger(noted: nil).isWhole else { continue }
                let place = moments.firstIndex(of: try Content(opened))
                // Its checkpoint is the earlier one too: the source sends again what came after it.
                #expect(place != nil)
                if place != moments.count - 1 { earlier += 1 }
            } catch is StoreError {}
        }
        #expect(earlier > 0, "the log is read")
    }

    /// Whether the damage is told; what is not told must have changed nothing.
    private func isFound(_ folder: Folder, _ content: Content) throws -> Bool {
        do {
            let store = try folder.open(StoreOptions(access: .readOnly))
            defer { try? store.close() }
            if try !store.checkLedger(noted: nil).isWhole { return true }
            #expect(try Content(store) == content)
            return false
        } catch is StoreError {
            return true
        }
    }
}
