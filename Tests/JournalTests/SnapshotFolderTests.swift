import Testing

@testable import Messaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct SnapshotFolderTests {
    private let folder = TemporaryFolder()

    @Test func theNewestFewAreKeptAndListedFirst() throws {
        let snapshots = SnapshotFolder(path: folder.path)
        #expect(try snapshots.list() == [])
        for seq in [9, 11, 100, 7_000] as [UInt64] {
            try snapshots.write([UInt8(seq % 256), 1, 2], seq: seq)
        }
        #expect(try snapshots.list().map(\.seq) == [7_000, 100, 11])
        #expect(try snapshots.read(snapshots.list()[1]) == [100, 1, 2])
        try snapshots.write([], seq: 8_000)
        #expect(try snapshots.read(snapshots.list()[0]) == [])
    }

    @Test func theOldestStaysWhereItIsAskedFor() throws {
        let snapshots = SnapshotFolder(path: folder.path)
        for seq in [3, 4] as [UInt64] { try snapshots.write([1], seq: seq) }
        for seq in 5...20 as ClosedRange<UInt64> { try snapshots.write([1], seq: seq, keepsOldest: true) }
        #expect(try snapshots.list().map(\.seq) == [20, 19, 18, 3])
    }

    @Test func aFolderThatIsNotThereHoldsNoneAndIsMade() throws {
        let made = TemporaryFolder()
        rmdir(made.path)
        let snapshots = SnapshotFolder(path: made.path)
        #expect(try snapshots.list() == [])
        try snapshots.write([5], seq: 1)
        #expect(try snapshots.list().map(\.seq) == [1])
    }

    @Test func whatACrashLeavesIsNoSnapshotAndIsRemoved() throws {
        let snapshots = SnapshotFolder(path: folder.path)
        try snapshots.write([1], seq: 1)
        let part = folder.path + "/00000000000000000002.snapshot.part"
        Files.write([1, 2], to: part)
        Files.write([], to: folder.path + "/notes.txt")
        #expect(try snapshots.list().map(\.seq) == [1])
        try snapshots.write([3], seq: 3)
        #expect(access(part, F_OK) != 0)
        #expect(try snapshots.list().map(\.seq) == [3, 1])
    }

    @Test func thoseOfRecordsThatTheJournalHasLostAreRemoved() throws {
        let snapshots = SnapshotFolder(path: folder.path)
        for seq in [5, 6, 7] as [UInt64] { try snapshots.write([1], seq: seq) }
        try snapshots.remove(behind: 6)
        #expect(try snapshots.list().map(\.seq) == [6, 5])
    }

    @Test(arguments: [Durability.process, .group])
    func aWriteThatFailsLeavesTheSnapshotsBefore(durability: Durability) throws {
        try SnapshotFolder(path: folder.path).write([1], seq: 1)
        var files = FileOperations.system
        files.write = { _, _, _ in -Int(ENOSPC) }
        let full = SnapshotFolder(path: folder.path, durability: durability, files: files)
        #expect { try full.write([2], seq: 2) } throws: { ($0 as? JournalError)?.code == .noSpace }
        files = .system
        files.sync = { _ in -EIO }
        let unsafe = SnapshotFolder(path: folder.path, durability: .group, files: files)
        #expect { try unsafe.write([2], seq: 2) } throws: { ($0 as? JournalError)?.code == .unsynced }
        #expect(try full.list().map(\.seq) == [1])
    }
}
