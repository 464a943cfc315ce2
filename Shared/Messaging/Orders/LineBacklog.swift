// Lines on their way to one peer of the order entry: sent in order, many to a message, kept while its queue
// is full.

import ZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A bounded backlog of whole lines.
struct LineBacklog {
    private var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }
    var count: Int { bytes.count - start }

    /// Sends whole lines, or keeps what the peer's queue does not take. `.wouldBlock`: the backlog is full
    /// and nothing was taken.
    mutating func send(
        _ lines: UnsafeRawBufferPointer, _ transfer: (UnsafeRawBufferPointer) -> Transfer
    ) -> Transfer {
        guard !lines.isEmpty else { return .done }
        precondition(lines.last == UInt8(ascii: "\n"), "lines end with a newline")
        guard isEmpty else {
            guard count + lines.count <= MessagingLimit.commandBacklogBytes else { return .wouldBlock }
            bytes.append(contentsOf: lines)
            return flush(transfer)
        }
        guard lines.count <= MessagingLimit.commandBacklogBytes else { return .wouldBlock }
        let (sent, outcome) = Self.sendParts(of: lines, transfer)
        if outcome == .wouldBlock {
            bytes.append(contentsOf: lines[sent...])
            return .done
        }
        return outcome
    }

    /// Tries again with what was kept; a queue that is still full is no failure.
    mutating func flush(_ transfer: (UnsafeRawBufferPointer) -> Transfer) -> Transfer {
        guard !isEmpty else { return .done }
        let (sent, outcome) = bytes.withUnsafeBytes {
            Self.sendParts(of: UnsafeRawBufferPointer(rebasing: $0[start...]), transfer)
        }
        start += sent
        if isEmpty { clear() }
        return outcome == .wouldBlock ? .done : outcome
    }

    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        start = 0
    }

    /// Messages of at most `commandFrameBytes`, cut between lines (a longer line goes alone). Returns the
    /// bytes sent.
    private static func sendParts(
        of lines: UnsafeRawBufferPointer, _ transfer: (UnsafeRawBufferPointer) -> Transfer
    ) -> (sent: Int, outcome: Transfer) {
        var sent = 0
        while sent < lines.count {
            let rest = UnsafeRawBufferPointer(rebasing: lines[sent...])
            let part = UnsafeRawBufferPointer(rebasing: rest[..<partEnd(of: rest)])
            let outcome = transfer(part)
            guard outcome == .done else { return (sent, outcome) }
            sent += part.count
        }
        return (sent, .done)
    }

    private static func partEnd(of rest: UnsafeRawBufferPointer) -> Int {
        let limit = MessagingLimit.commandFrameBytes
        guard rest.count > limit else { return rest.count }
        if let newline = rest[..<limit].lastIndex(of: UInt8(ascii: "\n")) { return newline + 1 }
        return rest[limit...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.count
    }
}

/// The lines of one received message.
enum CommandLines {
    static let ping = Array(#"{"type":"ping"}"#.utf8)
    static let pong = Array(#"{"type":"pong"}"#.utf8)

    /// Hands over each line without its newline; empty ones are skipped, a missing last newline is fine.
    static func each(in bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        while start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let newline = memchr(rest.baseAddress!, 10, rest.count)
            let count = newline.map { UnsafeRawPointer($0) - rest.baseAddress! } ?? rest.count
            if count > 0 { body(UnsafeRawBufferPointer(rebasing: rest[..<count])) }
            start += count + 1
        }
    }

    static func isEqual(_ line: UnsafeRawBufferPointer, _ word: [UInt8]) -> Bool {
        line.count == word.count && line.elementsEqual(word)
    }
}
