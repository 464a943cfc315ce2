// Live messages kept while a gap before them is repaired: one block of bytes, first in, first out.

import ZeroMQ

/// A bounded queue of two-frame messages.
struct HeldMessages {
    private struct Entry {
        let topicStart: Int
        let jsonStart: Int
        let end: Int
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    private var first = 0

    var isEmpty: Bool { first == entries.count }
    var count: Int { entries.count - first }

    /// Copies a message; false when a limit is reached and nothing was kept.
    mutating func append(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer) -> Bool {
        let size = topic.count + json.count
        guard count < MessagingLimit.heldMessages, bytes.count + size <= MessagingLimit.heldBytes else {
            return false
        }
        let start = bytes.count
        bytes.append(contentsOf: topic)
        bytes.append(contentsOf: json)
        entries.append(Entry(topicStart: start, jsonStart: start + topic.count, end: start + size))
        return true
    }

    /// Copies the oldest message into two frames.
    func copyFirst(topic: Message, json: Message) {
        let entry = entries[first]
        bytes.withUnsafeBytes { raw in
            topic.set(UnsafeRawBufferPointer(rebasing: raw[entry.topicStart..<entry.jsonStart]))
            json.set(UnsafeRawBufferPointer(rebasing: raw[entry.jsonStart..<entry.end]))
        }
    }

    /// Drops the oldest message. The memory is used again once all are gone.
    mutating func removeFirst() {
        first += 1
        if first == entries.count { removeAll() }
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        first = 0
    }
}
