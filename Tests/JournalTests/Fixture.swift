import Contracts
import Synchronization

@testable import Messaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder that is removed with the object.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        // Thousands of small files: in memory where the system has a place for that.
        let inMemory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil
        let base = inMemory ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/journal-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { fatalError("a temporary folder can be made") }
        path = String(cString: made)
    }

    /// Copies the files of another folder that a crash or a change is then tried on.
    convenience init(copyOf other: [String: [UInt8]]) {
        self.init()
        for (name, bytes) in other { Files.write(bytes, to: path + "/" + name) }
    }

    deinit {
        for name in (try? Disk.names(in: path)) ?? [] where name != "." && name != ".." {
            unlink(path + "/" + name)
        }
        rmdir(path)
    }

    /// Everything in the folder but the lock, by name.
    func contents(_ isWanted: (String) -> Bool = { $0 != "lock" }) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in (try? Disk.names(in: path)) ?? [] where name != "." && name != ".." && isWanted(name) {
            files[name] = Files.read(path + "/" + name)
        }
        return files
    }

    func segments() -> [String: [UInt8]] { contents { $0.hasSuffix(".journal") } }
}

enum Files {
    static func read(_ path: String) -> [UInt8] {
        guard let descriptor = try? Disk.open(path, O_RDONLY) else { fatalError("\(path) can be opened") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: (try? Disk.size(descriptor, path: path)) ?? 0)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        precondition(count == bytes.count, "a small file is read at once")
        return bytes
    }

    static func write(_ bytes: [UInt8], to path: String) {
        guard let descriptor = try? Disk.open(path, O_RDWR | O_CREAT | O_TRUNC) else {
            fatalError("\(path) can be made")
        }
        defer { close(descriptor) }
        let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        precondition(count == bytes.count, "a small file is written at once")
    }
}

/// Records as the tests write them: an envelope, a topic, and some text.
enum TestRecord {
    static let topics = ["tick/A/", "tick/B/", "trade/x/A/"]

    static func topic(of seq: UInt64) -> String { topics[Int(seq * seq % 3)] }

    static func prev(of seq: UInt64) -> UInt64 {
        var earlier = seq - 1
        while earlier > 0, topic(of: earlier) != topic(of: seq) { earlier -= 1 }
        return earlier
    }

    static func json(_ seq: UInt64, prev: UInt64, topic: String) -> [UInt8] {
        let text = String(repeating: "é", count: Int(seq % 4))
        return Array(
            #"{"type":"tick","epoch":"e1","seq":\#(seq),"prev":\#(prev),"topic":"\#(topic)","t":"\#(text)"}"#
                .utf8)
    }

    static func json(_ seq: UInt64) -> [UInt8] { json(seq, prev: prev(of: seq), topic: topic(of: seq)) }
}

extension JournalConfiguration {
    /// Small segments, and an index entry for every other record.
    static func small(segmentBytes: Int = 600, files: FileOperations = .system) -> JournalConfiguration {
        var configuration = JournalConfiguration()
        configuration.segmentBytes = segmentBytes
        configuration.indexInterval = 150
        configuration.files = files
        configuration.topicOf = { json, topic in
            let text = String(decoding: json, as: UTF8.self)
            let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
            guard let key = parts.firstIndex(of: "topic") else { return false }
            topic = Array(parts[key + 2].utf8)
            return true
        }
        return configuration
    }
}

extension JournalWriter {
    convenience init(_ folder: TemporaryFolder, _ configuration: JournalConfiguration = .small()) throws {
        try self.init(directory: folder.path, configuration: configuration, makeEpoch: { "e1" })
    }

    /// Appends the next records of the test series, without flushing.
    func appendNext(_ count: Int) {
        for _ in 0..<count {
            let topic = TestRecord.topic(of: nextSeq)
            append(topic: topicID(Array(topic.utf8))) { seq, prev, json in
                json.append(TestRecord.json(seq, prev: prev, topic: topic))
            }
        }
    }

    /// Appends and flushes in batches.
    func write(_ count: Int, batch: Int = 1) throws {
        var left = count
        while left > 0 {
            appendNext(min(batch, left))
            try flush()
            left -= batch
        }
    }
}

extension JournalReader {
    func records(from: UInt64 = 1, through: UInt64 = .max) throws -> [[UInt8]] {
        var records: [[UInt8]] = []
        try read(from: from, through: through) { _, json in
            records.append(Array(json))
            return true
        }
        return records
    }
}

/// The journal in a folder holds the test series from 1 through `last`, and nothing is wrong with it.
func holdsSeries(_ folder: TemporaryFolder, through last: UInt64) throws -> Bool {
    let report = try checkJournal(folder.path)
    let records = try JournalReader(directory: folder.path).records()
    return report.isWhole && report.tornBytes == 0 && report.records == last && report.lastSeq == last
        && records == (1...max(last, 1)).prefix(Int(last)).map { TestRecord.json($0) }
}

/// Writes until a number of bytes is used up, then fails; counts calls.
final class FaultyDisk: Sendable {
    struct State {
        var room: Int
        var writes = 0
        var syncs = 0
        var truncations = 0
    }
    let state: Mutex<State>
    private let errorNumber: Int32
    /// A process that has died does not tidy up.
    private let canTruncate: Bool

    init(room: Int = .max, errorNumber: Int32 = ENOSPC, canTruncate: Bool = true) {
        state = Mutex(State(room: room))
        self.errorNumber = errorNumber
        self.canTruncate = canTruncate
    }

    var files: FileOperations {
        FileOperations(
            write: { descriptor, bytes, offset in
                let allowed = self.state.withLock { state in
                    state.writes += 1
                    let allowed = min(state.room, bytes.count)
                    state.room -= allowed
                    return allowed
                }
                guard allowed > 0 else { return -Int(self.errorNumber) }
                return FileOperations.system.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<allowed]), offset)
            },
            sync: { descriptor in
                self.state.withLock { $0.syncs += 1 }
                return 0
            },
            truncate: { descriptor, length in
                self.state.withLock { $0.truncations += 1 }
                return self.canTruncate
                    ? FileOperations.system.truncate(descriptor, length) : -self.errorNumber
            })
    }
}
