// The lines of one segment in order, through one buffer that is used again for every read.
//
// Reads with pread and not through a mapping: a writer beside us may cut a failed batch off again, and
// touching a mapped page behind the end of a file kills the process. The buffer stays small enough for the
// second-level cache.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Confined to one thread. A line that it hands out is valid until the next call.
final class SegmentLines {
    enum Step {
        /// A line without its newline, and where it begins in the file.
        case line(UnsafeRawBufferPointer, at: Int)
        /// Bytes without a newline: the file ends in them, or they are longer than a line may be.
        case tail(at: Int)
        /// The file ends here, after a newline.
        case end(at: Int)
    }

    private static let firstReadBytes = 32 << 10
    private static let readBytes = 256 << 10

    private var descriptor: Int32 = -1
    private var path = ""
    private var memory: UnsafeMutableRawPointer
    private var capacity = SegmentLines.readBytes
    private var begin = 0
    private var searched = 0
    private var end = 0
    /// Where in the file the buffer begins.
    private var base = 0
    private var nextRead = SegmentLines.firstReadBytes
    /// The longest line, without its newline.
    var maximumBytes = RecordLine.maximumBytes

    init() { memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64) }

    deinit { memory.deallocate() }

    /// Begins at an offset of a file, which the caller keeps open.
    func start(_ descriptor: Int32, path: String, at offset: Int) {
        self.descriptor = descriptor
        self.path = path
        base = offset
        begin = 0
        searched = 0
        end = 0
        nextRead = Self.firstReadBytes
    }

    /// Hands the line that was handed out last out once more. Only right after `next`, before anything else
    /// is read.
    func stepBack(to offset: Int) {
        precondition(offset >= base && offset <= base + begin, "the line is still in the buffer")
        begin = offset - base
        searched = begin
    }

    func next() throws(JournalError) -> Step {
        while true {
            if end > searched, let newline = memchr(memory + searched, 10, end - searched) {
                let stop = UnsafeRawPointer(newline) - UnsafeRawPointer(memory)
                let line = UnsafeRawBufferPointer(start: memory + begin, count: stop - begin)
                let offset = base + begin
                begin = stop + 1
                searched = begin
                return line.count > maximumBytes ? .tail(at: offset) : .line(line, at: offset)
            }
            searched = end
            if end - begin > maximumBytes { return .tail(at: base + begin) }
            if try fill() == 0 { return begin == end ? .end(at: base + begin) : .tail(at: base + begin) }
        }
    }

    /// Reads more behind what is there. Returns how many bytes; 0 at the end of the file.
    private func fill() throws(JournalError) -> Int {
        let kept = end - begin
        if begin > 0 {
            memmove(memory, memory + begin, kept)
            base += begin
            searched -= begin
            begin = 0
            end = kept
        }
        if end == capacity { grow() }
        let room = UnsafeMutableRawBufferPointer(start: memory + end, count: min(capacity - end, nextRead))
        nextRead = Self.readBytes
        let count = try Disk.read(descriptor, into: room, at: base + end, path: path)
        end += count
        return count
    }

    private func grow() {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity * 2, alignment: 64)
        memcpy(larger, memory, end)
        memory.deallocate()
        memory = larger
        capacity *= 2
    }
}

/// What the bytes without a newline at the end of a file are.
enum SegmentTail: Equatable {
    /// A line that was being written, or zeros, or both: what a crash leaves. How many bytes.
    case torn(Int)
    /// A newline stands there by now: a writer has gone on.
    case grown
    case damaged(String)

    /// Looks at everything from `offset` to the end of the file. `isWhole` says whether a line is complete.
    static func read(
        _ descriptor: Int32, path: String, at offset: Int, maximumBytes: Int,
        isWhole: (UnsafeRawBufferPointer) -> Bool
    ) throws(JournalError) -> SegmentTail {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { memory.deallocate() }
        var content: [UInt8] = []
        var length = 0
        var lengthWithoutZeros = 0
        while case let count = try Disk.read(descriptor, into: memory, at: offset + length, path: path),
            count > 0
        {
            let chunk = UnsafeRawBufferPointer(rebasing: memory[..<count])
            if let newline = chunk.firstIndex(of: 10) {
                return length + newline <= maximumBytes
                    ? .grown : .damaged("a line is longer than any record")
            }
            if let last = chunk.lastIndex(where: { $0 != 0 }) {
                lengthWithoutZeros = length + last + 1
                if lengthWithoutZeros > maximumBytes + 1 {
                    return .damaged("a line is longer than any record")
                }
                content.append(contentsOf: repeatElement(0, count: length - content.count))
                content.append(contentsOf: chunk)
            }
            length += count
        }
        // A crash leaves the beginning of a line. A complete one followed by anything but its newline was
        // changed.
        let hasLostItsNewline =
            lengthWithoutZeros > 1
            && content.withUnsafeBytes {
                isWhole(UnsafeRawBufferPointer(rebasing: $0[..<(lengthWithoutZeros - 1)]))
            }
        return hasLostItsNewline ? .damaged("the newline after the last line is gone") : .torn(length)
    }
}
