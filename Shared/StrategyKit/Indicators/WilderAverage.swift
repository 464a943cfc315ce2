// Wilder's smoothing: the first value is the simple average of the first `length` values; then
//
//     average = (average' · (length − 1) + value) / length
//
// Source: J. Welles Wilder, New Concepts in Technical Trading Systems (1978).

struct WilderAverage: Sendable {
    let length: Double
    private(set) var value: Double?
    private var sum = 0.0
    private var count = 0.0

    init(length: Int) {
        precondition(length >= 1, "an average needs a value")
        self.length = Double(length)
    }

    mutating func push(_ next: Double) {
        if let last = value {
            value = (last * (length - 1) + next) / length
            return
        }
        sum += next
        count += 1
        if count == length { value = sum / length }
    }
}
