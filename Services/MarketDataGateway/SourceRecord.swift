// What a market data journal was made of, in a file beside it, written once before the first event. A finite
// or synthetic source is continued only by the same one; anything else would make one journal of two
// histories.

import Contracts
import Foundation
import ServiceKit

struct SourceRecord {
    private static let name = "source.json"

    /// Time of the first synthetic event: the second in which the journal was made.
    let start: Timestamp
    private let identity: String?

    /// Reads the record of a journal, or begins one.
    static func open(folder: String, isNew: Bool) throws -> SourceRecord {
        let path = folder + "/" + name
        guard let data = FileManager.default.contents(atPath: path) else {
            let start = Timestamp(seconds: wallClock().microseconds / 1_000_000)
            return SourceRecord(start: start, identity: isNew ? nil : "unknown data")
        }
        do {
            let json = try JSONValue(parsing: Array(data))
            let identity = try json.string("identity")
            return SourceRecord(start: try json.timestamp("start"), identity: isNew ? nil : identity)
        } catch {
            throw Failure(
                "source_record", "\(path) cannot be read: \(error); it says what the journal is made of")
        }
    }

    /// Writes the record of a new journal, and holds that of an old one against the source.
    func confirm(_ source: String, folder: String) throws {
        if let identity {
            guard identity == source else {
                throw Failure(
                    "other_data",
                    "\(folder) was made of other data (\(identity)) than is asked for now (\(source)): use "
                        + "another --data-dir, or `trading-robot up --fresh`, which moves the folder aside"
                )
            }
            return
        }
        let text = JSONValue.object([
            .init("identity", .string(source)), .init("start", .number(start.description)),
        ]).text
        let url = URL(fileURLWithPath: folder + "/" + Self.name)
        try Data((text + "\n").utf8).write(to: url, options: .atomic)
    }
}
