// The requests and answers on a replay connection, as JSON (DESIGN 6). A DEALER sends one frame a request:
//
//   {"type":"replay","from":100,"to":200,"topics":["trade/"]}    to and topics may be absent
//   {"type":"position","reader":"runner-1","seq":4711}           no answer
//
// The answer to a replay is the journalled messages, each as topic and JSON frame, then one frame
//
//   {"type":"replay_end","first":100,"last":180,"epoch":"k3v9q2","kept_first":1,"kept_last":918}
//
// `first` and `last` are the range that was really covered (empty: last = first - 1); the client asks on from
// there. A request that cannot be read is answered by {"type":"error","reason":"…"}.

import Contracts

/// A range of a publisher's journal.
struct ReplayRequest: Equatable {
    var from: UInt64
    /// Nil: through the last.
    var to: UInt64?
    /// Byte prefixes of topics; empty: everything published.
    var prefixes: [[UInt8]]

    func write(into json: inout JSONWriter) {
        json.beginObject()
        json.field("type", word: "replay")
        json.field("from", from)
        if let to { json.field("to", to) }
        if !prefixes.isEmpty {
            json.beginArray("topics")
            for prefix in prefixes { json.value(String(decoding: prefix, as: UTF8.self)) }
            json.endArray()
        }
        json.endObject()
    }
}

/// What a client of a replay server says.
enum ReplayMessage: Equatable {
    case replay(ReplayRequest)
    case position(reader: String, seq: UInt64)

    /// Why a request was refused, as one sentence.
    struct Refusal: Error {
        let sentence: String
    }

    static func read(_ bytes: UnsafeRawBufferPointer) throws -> ReplayMessage {
        let json = try JSONValue(parsing: bytes)
        switch try json.string("type") {
        case "replay":
            return .replay(try replay(json))
        case "position":
            let reader = try json.string("reader")
            guard NameRule.identifier.accepts(reader.utf8) else {
                throw Refusal(sentence: "reader is not a name: use 1 to 40 of A-Z a-z 0-9 . _ -")
            }
            return .position(reader: reader, seq: try json.unsigned("seq"))
        default:
            throw Refusal(sentence: "type is neither replay nor position")
        }
    }

    private static func replay(_ json: JSONValue) throws -> ReplayRequest {
        let from = try json.unsigned("from")
        guard from >= 1 else { throw Refusal(sentence: "from begins with 1") }
        let to = try present(json["to"]) == nil ? nil : json.unsigned("to")
        var request = ReplayRequest(from: from, to: to, prefixes: [])
        guard present(json["topics"]) != nil else { return request }
        let topics = try json.array("topics")
        guard topics.count <= MessagingLimit.replayPrefixes else {
            throw Refusal(sentence: "topics holds more than \(MessagingLimit.replayPrefixes) prefixes")
        }
        for topic in topics {
            guard let prefix = topic.asString else {
                throw Refusal(sentence: "topics holds something but strings")
            }
            request.prefixes.append(Array(prefix.utf8))
        }
        return request
    }

    private static func present(_ value: JSONValue?) -> JSONValue? { value == .null ? nil : value }
}

/// The end of an answer.
struct ReplayEnd: Equatable {
    var first: UInt64
    var last: UInt64
    /// Nil from a server that does not say.
    var epoch: String?
    var keptFirst: UInt64?
    var keptLast: UInt64?

    func write(into json: inout JSONWriter) {
        json.beginObject()
        json.field("type", word: "replay_end")
        json.field("first", first)
        json.field("last", last)
        if let epoch { json.field("epoch", epoch) }
        if let keptFirst { json.field("kept_first", keptFirst) }
        if let keptLast { json.field("kept_last", keptLast) }
        json.endObject()
    }

    /// The end of an answer, or the server's error sentence; nil when it is neither.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Result<ReplayEnd, ReplayMessage.Refusal>? {
        guard let json = try? JSONValue(parsing: bytes), let type = try? json.string("type") else {
            return nil
        }
        if type == "error" {
            return .failure(
                ReplayMessage.Refusal(sentence: (try? json.string("reason")) ?? "no reason given"))
        }
        guard type == "replay_end", let first = try? json.unsigned("first"),
            let last = try? json.unsigned("last")
        else { return nil }
        return .success(
            ReplayEnd(
                first: first, last: last, epoch: try? json.string("epoch"),
                keptFirst: try? json.unsigned("kept_first"), keptLast: try? json.unsigned("kept_last")))
    }
}
