// What could not be read, kept with its bytes in the data folder (bounded): market data and order-entry
// lines. Trades have dead letters instead.

import Contracts
import Foundation

/// One file of `DIR/rejected/`, one JSON object a line. Confined to one thread.
package final class RejectedFile {
    /// Bytes of the file; what comes after is counted only.
    package static let maximumBytes = 16 << 20
    /// Bytes kept of one message.
    package static let maximumMessageBytes = 64 << 10

    /// Everything rejected since the start, kept or not.
    package private(set) var count: Int64 = 0
    private let path: String
    private var handle: FileHandle?
    /// Origins of what is kept, for `keepOnce`; nil before its first call.
    private var origins: Set<String>?
    private var size: UInt64 = 0

    /// - Parameter name: of the file without its ending.
    package init(dataDirectory: String, name: String) {
        path = dataDirectory + "/rejected/" + name + ".jsonl"
    }

    /// Keeps a message. A file that cannot be written loses the copy, never the count.
    package func keep(_ bytes: some Collection<UInt8>, origin: String, reason: String) {
        count += 1
        guard open(), size < Self.maximumBytes else { return }
        let text = String(decoding: bytes.prefix(Self.maximumMessageBytes), as: UTF8.self)
        let line = JSONValue.object([
            .init("seen", .number(wallClock().description)), .init("origin", .string(origin)),
            .init("reason", .string(reason)), .init("text", .string(text)),
            .init("base64", .string(Data(bytes.prefix(Self.maximumMessageBytes)).base64EncodedString())),
        ]).text
        let data = Data((line + "\n").utf8)
        size += UInt64(data.count)
        try? handle?.write(contentsOf: data)
    }

    /// As `keep`, but a message of an origin that the file holds already is counted only: a source that is
    /// read again after a restart brings the same rows again.
    package func keepOnce(_ bytes: some Collection<UInt8>, origin: String, reason: String) {
        var known = origins ?? keptOrigins()
        let isNew = known.insert(origin).inserted
        origins = known
        if isNew { keep(bytes, origin: origin, reason: reason) } else { count += 1 }
    }

    private func keptOrigins() -> Set<String> {
        let lines = (FileManager.default.contents(atPath: path) ?? Data()).split(separator: 0x0a)
        return Set(lines.compactMap { try? JSONValue(parsing: Array($0)).string("origin") })
    }

    private func open() -> Bool {
        if handle != nil { return true }
        let folder = (path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        handle = FileHandle(forWritingAtPath: path)
        size = (try? handle?.seekToEnd()) ?? 0
        return handle != nil
    }
}
