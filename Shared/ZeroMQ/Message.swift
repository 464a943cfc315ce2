// One frame. A message is made once and used again for every receive: libzmq releases the old content itself,
// so receiving allocates nothing on our side and copies nothing.

import CZeroMQ

/// A frame that libzmq owns, at an address that does not move.
///
/// Confined to the thread of the socket that uses it.
package final class Message {
    let raw: UnsafeMutablePointer<zmq_msg_t>

    /// An empty frame.
    package init() {
        raw = .allocate(capacity: 1)
        raw.initialize(to: zmq_msg_t())
        zmq_msg_init(raw)
    }

    /// A frame with a copy of these bytes.
    package convenience init(_ bytes: some Sequence<UInt8>) {
        self.init()
        Array(bytes).withUnsafeBytes { set($0) }
    }

    deinit {
        zmq_msg_close(raw)
        raw.deallocate()
    }

    /// Number of bytes.
    package var count: Int { zmq_msg_size(raw) }

    /// Whether another frame of the same message follows.
    package var hasMore: Bool { zmq_msg_more(raw) != 0 }

    /// The bytes in place; valid until this message is used again.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(raw), count: zmq_msg_size(raw))
    }

    /// A copy of the bytes.
    package var array: [UInt8] { Array(bytes) }

    /// Replaces the content by a copy of these bytes.
    package func set(_ bytes: UnsafeRawBufferPointer) {
        zmq_msg_close(raw)
        let outcome = zmq_msg_init_size(raw, bytes.count)
        precondition(outcome == 0, "memory for one frame is always there")
        if let start = bytes.baseAddress, bytes.count > 0 {
            zmq_msg_data(raw).copyMemory(from: start, byteCount: bytes.count)
        }
    }

    /// Takes the content of another message, which is empty afterwards. Copies no bytes.
    package func take(from other: Message) {
        let outcome = zmq_msg_move(raw, other.raw)
        precondition(outcome == 0, "a live message can be moved")
    }
}
