// Rows in COPY's binary format: numbers with the most significant byte first, each value behind its length.
// https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format"

final class CopiedRows: ParameterList {
    private let columns: Int16
    private var bytes: [UInt8] = []

    /// - Parameter capacity: bytes expected; more are taken as well.
    init(columns: Int, capacity: Int) {
        self.columns = Int16(columns)
        bytes.reserveCapacity(capacity)
        bytes += Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]
        // No flags, no extension of the header.
        append(Int32(0))
        append(Int32(0))
    }

    // MARK: the columns of a row, in their order

    func bind(_ value: Int64, at index: Int32) {
        begin(index, bytes: 8)
        append(value)
    }

    func bindNull(at index: Int32) { begin(index, bytes: -1) }

    func bind(_ value: Double?, at index: Int32) {
        guard let value else { return bindNull(at: index) }
        bind(Int64(bitPattern: value.bitPattern), at: index)
    }

    /// A text holds no zero byte there: one is written as U+FFFD.
    func bindCopy(of bytes: UnsafeRawBufferPointer, at index: Int32, asText: Bool) {
        guard !asText || !bytes.contains(0) else {
            let text = String(decoding: bytes, as: UTF8.self).replacing("\0", with: "\u{fffd}")
            return bind(text, at: index)
        }
        begin(index, bytes: Int32(bytes.count))
        self.bytes.append(contentsOf: bytes)
    }

    func bindStableText(_ bytes: UnsafeBufferPointer<CChar>, at index: Int32) {
        bindCopy(of: UnsafeRawBufferPointer(bytes), at: index, asText: true)
    }

    private func begin(_ index: Int32, bytes count: Int32) {
        if index == 1 { append(columns) }
        append(count)
    }

    private func append<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// The rows so far and the end of the file.
    func withCharacters<Value>(_ body: (UnsafeBufferPointer<CChar>) -> Value) -> Value {
        append(Int16(-1))
        return bytes.withUnsafeBytes { body($0.bindMemory(to: CChar.self)) }
    }
}
