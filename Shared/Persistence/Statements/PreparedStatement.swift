// A prepared statement as the rest of the store sees it, whichever database runs it.
//
// Confined to its connection, which one call uses at a time. Parameters count from 1, columns from 0. What is
// bound stays bound until it is bound anew, over any number of runs.

import Contracts

/// Where the values of a row go.
protocol ParameterList: AnyObject {
    func bind(_ value: Int64, at index: Int32)
    func bindNull(at index: Int32)
    func bind(_ value: Double?, at index: Int32)
    /// Copied, so the caller's bytes may go away.
    func bindCopy(of bytes: UnsafeRawBufferPointer, at index: Int32, asText: Bool)
    /// Not always copied: the bytes must stay where they are until the statement is reset or bound anew.
    func bindStableText(_ bytes: UnsafeBufferPointer<CChar>, at index: Int32)
}

protocol PreparedStatement: ParameterList {
    /// Runs to the next row; false at the end, with the statement ready to run again.
    func step() throws -> Bool
    /// Leaves off in the middle of the rows.
    func reset()

    func int64(_ column: Int32) -> Int64
    func double(_ column: Int32) -> Double
    func isNull(_ column: Int32) -> Bool
    /// The bytes of a text or blob, valid until the next step or reset.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer
}

extension ParameterList {

    /// A number that counts up from 1 and stays far below 2⁶³.
    func bind(_ value: UInt64, at index: Int32) { bind(Int64(clamping: value), at: index) }

    func bind(_ value: Int64?, at index: Int32) {
        if let value { bind(value, at: index) } else { bindNull(at: index) }
    }

    func bind(_ text: String, at index: Int32) {
        var text = text
        text.withUTF8 { bindCopy(of: UnsafeRawBufferPointer($0), at: index, asText: true) }
    }

    func bind(_ text: String?, at index: Int32) {
        if let text { bind(text, at: index) } else { bindNull(at: index) }
    }

    func bind(_ blob: [UInt8], at index: Int32) {
        blob.withUnsafeBytes { bindCopy(of: $0, at: index, asText: false) }
    }

    /// A word of the contract: its bytes are part of the program and never move.
    @inline(__always)
    func bind(word: StaticString, at index: Int32) {
        word.utf8Start.withMemoryRebound(to: CChar.self, capacity: word.utf8CodeUnitCount) {
            bindStableText(UnsafeBufferPointer(start: $0, count: word.utf8CodeUnitCount), at: index)
        }
    }

}

extension PreparedStatement {
    // MARK: Running

    /// Runs a statement that returns no rows.
    @inline(__always)
    func run() throws {
        while try step() {}
    }

    /// Each row, then ready to run again, whatever happens.
    func forEachRow(_ body: (any PreparedStatement) throws -> Void) throws {
        do {
            while try step() { try body(self) }
        } catch {
            reset()
            throw error
        }
    }

    /// The first row, if there is one.
    func firstRow<Value>(_ read: (any PreparedStatement) throws -> Value) throws -> Value? {
        guard try step() else { return nil }
        defer { reset() }
        return try read(self)
    }

    // MARK: Columns

    /// A counter; a negative value, which we never store, reads as 0.
    @inline(__always)
    func counter(_ column: Int32) -> UInt64 { UInt64(clamping: int64(column)) }

    func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }

    func optionalDouble(_ column: Int32) -> Double? { isNull(column) ? nil : double(column) }

    @inline(__always)
    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
}
