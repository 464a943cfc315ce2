// The extreme of the last `length` values: a ring of those that may still become it, each below (or above)
// the one before. A value is put in once and taken out once, so the cost is constant a value on average; a
// single value can cost `length` steps.

struct MonotonicWindow: Sendable {
    let length: Int
    private let isMaximum: Bool
    private var values: [Double]
    private var ages: [Int]
    private var first = 0
    private var held = 0
    private var pushed = 0

    init(length: Int, isMaximum: Bool) {
        precondition(length >= 1 && length <= 1 << 31, "a window holds 1 to 2^31 values")
        self.length = length
        self.isMaximum = isMaximum
        values = Array(repeating: 0, count: length)
        ages = Array(repeating: 0, count: length)
    }

    /// Nil until the window is full.
    var value: Double? { pushed < length ? nil : values[first] }

    mutating func push(_ value: Double) {
        if held > 0, ages[first] <= pushed - length {
            first = first + 1 == length ? 0 : first + 1
            held -= 1
        }
        while held > 0 {
            let last = values[place(held - 1)]
            guard isMaximum ? last <= value : last >= value else { break }
            held -= 1
        }
        let place = place(held)
        values[place] = value
        ages[place] = pushed
        held += 1
        pushed += 1
    }

    private func place(_ index: Int) -> Int {
        let place = first + index
        return place < length ? place : place - length
    }
}
