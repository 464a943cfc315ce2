/// One value for each of the numbers 1, 2, 3 …, of which the oldest can be forgotten: what a long run keeps
/// of its commands and reports.
package struct NumberedValues: Sendable, Equatable {
    /// Numbers up to this one are forgotten.
    package private(set) var base: UInt64
    private var values: [UInt64] = []

    package init(after base: UInt64 = 0) { self.base = base }

    /// The last number that has or had a value.
    package var last: UInt64 { base + UInt64(values.count) }
    package var isEmpty: Bool { values.isEmpty }

    /// The value of a number above `base`, up to `last`.
    package subscript(number: UInt64) -> UInt64 {
        precondition(number > base && number <= last, "the value of this number is kept")
        return values[Int(number - base) - 1]
    }

    /// The value of the number after `last`.
    package mutating func append(_ value: UInt64) { values.append(value) }

    /// Lets go of everything up to a number.
    package mutating func forget(through number: UInt64) {
        guard number > base else { return }
        precondition(number <= last, "what is forgotten was there")
        values.removeFirst(Int(number - base))
        base = number
    }

    package mutating func forgetAll() { forget(through: last) }

    package func write(into state: inout StateWriter) {
        state.put(base)
        state.put(each: values) { $1.put(bits: $0) }
    }

    package init(from state: inout StateReader) throws(StateError) {
        base = try state.take()
        values = try state.take { (reader) throws(StateError) in try reader.takeBits() }
    }
}
