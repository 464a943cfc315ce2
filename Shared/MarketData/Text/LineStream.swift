// Whole lines out of blocks of bytes, without copying a line and without a search for its end.
//
// Between `at` and `limit` stand whole lines only, the last byte before `limit` being a newline (a last line
// without one gets it). So a parser may run forward without bounds checks: no field reaches over a newline.

import Contracts

/// A window of whole lines over a byte source. The reader moves `at` forward and calls `refill` at `limit`.
///
/// One stream serves one file after the other; between them it holds no memory.
final class LineStream {
    /// Unsafe: this buffer is filled by the operating system or zlib and read byte by byte by parsers, a
    /// hundred million times a second; the class owns it, and the newline before `limit` bounds every scan.
    private var buffer: UnsafeMutablePointer<UInt8>?
    private var source: ByteSource?
    /// The next byte to read. Only moved forward, at most to `limit`. Not to be followed while nothing is
    /// open.
    @exclusivity(unchecked) var at: UnsafePointer<UInt8>
    @exclusivity(unchecked) private(set) var limit: UnsafePointer<UInt8>
    private var filled = 0
    private var ended = false

    /// Bytes unpacked at a time.
    static let capacity = 256 << 10
    /// A longer line is an error: no row of ours has more than a few hundred bytes.
    static let maximumLine = 64 << 10

    init() {
        at = UnsafePointer(bitPattern: 1)!
        limit = at
    }

    deinit { buffer?.deallocate() }

    /// Whether lines may still come.
    var isOpen: Bool { buffer != nil }

    /// Begins with the lines of another source.
    func open(_ source: ByteSource) {
        precondition(buffer == nil, "one source is read at a time")
        self.source = source
        // One byte more, for the newline of a last line that has none.
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.capacity + 1)
        buffer = memory
        at = UnsafePointer(memory)
        limit = at
        (filled, ended) = (0, false)
    }

    /// Frees the memory.
    func close() {
        buffer?.deallocate()
        buffer = nil
        source = nil
        limit = at
    }

    /// Gets the next lines when all are read. False at the end of the bytes.
    func refill() throws(MarketDataError) -> Bool {
        precondition(at == limit, "all lines are read before the next block")
        guard let buffer, let source, !ended else { return false }
        let start = UnsafePointer(buffer)
        let kept = filled - (limit - start)
        buffer.update(from: limit, count: kept)
        filled = kept
        at = start
        limit = start
        while true {
            let got = try source.read(into: buffer + filled, capacity: Self.capacity - filled)
            if got == 0 {
                ended = true
                if filled == 0 { return false }
                buffer[filled] = Self.newline
                filled += 1
                limit = start + filled
                return true
            }
            var last = filled + got - 1
            while last >= filled && buffer[last] != Self.newline { last -= 1 }
            let found = last >= filled
            filled += got
            if found {
                limit = start + last + 1
                return true
            }
            guard filled <= Self.maximumLine else {
                throw MarketDataError(
                    .badRow, path: source.path,
                    "a line is longer than \(Self.maximumLine) bytes: this is no row of data")
            }
        }
    }

    static let newline: UInt8 = 0x0a
}
