import Contracts
import Testing
import ZeroMQ

@testable import Messaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Steps buses by hand until the condition holds; fails the test when it does not within the deadline.
func drive(
    _ buses: [Bus], within deadline: Duration = .seconds(20),
    sourceLocation: SourceLocation = #_sourceLocation,
    until condition: () -> Bool
) {
    let end = MonotonicTime.now() + deadline
    while !condition() {
        for bus in buses { bus.poll(timeout: .milliseconds(1)) }
        guard MonotonicTime.now() < end else {
            Issue.record("the condition did not come within \(deadline)", sourceLocation: sourceLocation)
            return
        }
    }
}

/// Steps buses for a while, where a test shows that something does not happen.
func drive(_ buses: [Bus], for span: Duration) {
    let end = MonotonicTime.now() + span
    while MonotonicTime.now() < end {
        for bus in buses { bus.poll(timeout: .milliseconds(1)) }
    }
}

/// A folder that is removed with this object.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/messaging-XXXXXX".utf8CString)
        path = try template.withUnsafeMutableBufferPointer { buffer in
            let name = buffer.baseAddress.flatMap { mkdtemp($0) }
            return String(cString: try #require(name))
        }
    }

    func endpoint(_ name: String) -> String { "ipc://\(path)/\(name)" }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != "." && name != ".." { remove(path + "/" + name) }
            }
            closedir(folder)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

/// Remembers what a feed hands over.
final class Recorder: FeedReceiver {
    var seqs: [UInt64] = []
    var topics: [String] = []
    var rejections: [(reason: String, seq: UInt64?, isSkipped: Bool, size: Int)] = []
    var failure: FeedFailure?
    var onDeliver: (UInt64) -> Void = { _ in }

    func deliver(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, seq: UInt64) {
        seqs.append(seq)
        topics.append(String(decoding: topic, as: UTF8.self))
        onDeliver(seq)
    }

    func rejected(_ message: RejectedMessage) {
        rejections.append((message.reason, message.seq, message.isSkipped, message.size))
    }

    func stopped(_ failure: FeedFailure) { self.failure = failure }
}

/// A publisher with a real journal and a real replay server, whose PUB leaves out what the test wants lost.
final class LossyPublisher {
    let bus: Bus
    let journal: JournalWriter
    let server: ReplayServer
    let endpoint: String
    let header: EnvelopeHeader
    /// Sent by PUB: whether this seq is.
    var sends: (UInt64) -> Bool = { _ in true }
    /// Kept, because the sockets and the journal lie in it.
    private let folder: TemporaryFolder
    private let socket: Socket
    private var since: UInt64
    private var changed: [String: UInt64] = [:]
    private var json = JSONWriter()

    init(
        _ folder: TemporaryFolder, journal name: String = "journal", epoch: String = "k3v9q2",
        transport: String = "ipc", bus: Bus
    ) throws {
        self.bus = bus
        self.folder = folder
        journal = try JournalWriter(directory: folder.path + "/" + name, makeEpoch: { epoch })
        header = try EnvelopeHeader(source: "gateway", epoch: journal.epoch)
        since = journal.lastSeq
        socket = try bus.socket(.pub)
        try socket.set(.sendHighWaterMark, 0)
        endpoint = try socket.bind(transport == "ipc" ? folder.endpoint("pub") : "tcp://127.0.0.1:0")
        server = try ReplayServer(
            bus: bus, endpoint: folder.endpoint("replay"), journalDirectory: folder.path + "/" + name)
    }

    /// Journals and sends events of these symbols.
    func publish(_ symbols: String...) throws {
        for symbol in symbols { try publish(type: "tick", symbol: symbol, extra: "") }
    }

    func publish(type: StaticString, symbol: String, extra: String) throws {
        let topic = Array("\(type)/\(symbol)/".utf8)
        journal.append(topic: journal.topicID(topic)) { seq, prev, json in
            header.begin(
                type, EventStamp(seq: seq, prev: prev, publishedAt: Timestamp(seconds: 1_766_658_600)),
                into: &json)
            json.field("symbol", symbol)
            if !extra.isEmpty { json.field("extra", extra) }
            json.endObject()
        }
        try journal.flush()
        let record = journal.pending[0]
        changed[String(decoding: topic, as: UTF8.self)] = record.seq
        guard sends(record.seq) else { return }
        journal.withPendingBytes { bytes in
            socket.send(topic, more: true)
            socket.send(UnsafeRawBufferPointer(rebasing: bytes[record.json]))
        }
    }

    /// Sends anything at all.
    func send(topic: String, _ bytes: [UInt8]) {
        socket.send(Array(topic.utf8), more: true)
        socket.send(bytes)
    }

    /// Sends a record again that was journalled.
    func resend(_ seqs: ClosedRange<UInt64>) throws {
        let reader = try JournalReader(directory: server.journalPath)
        try reader.read(from: seqs.lowerBound, through: seqs.upperBound) { _, record in
            socket.send(try Topic.derive(fromJSON: record), more: true)
            socket.send(record)
            return true
        }
    }

    func heartbeat(saysSince: Bool = true) {
        let topics = changed.keys.sorted().map { Heartbeat.TopicSeq(topic: $0, seq: changed[$0] ?? 0) }
        json.reset()
        Heartbeat(first: journal.firstSeq, last: journal.lastSeq, topics: topics)
            .encode(header: header, publishedAt: Timestamp(seconds: 1_766_658_600), into: &json)
        if saysSince {
            json.truncate(to: json.count - 1)
            json.append(Array(",\"since\":\(since)}".utf8))
        }
        json.withBytes { bytes in send(topic: "heartbeat/", Array(bytes)) }
        since = journal.lastSeq
        changed = [:]
    }

    func close() {
        journal.close()
        bus.close()
    }
}
