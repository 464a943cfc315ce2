import StrategyKit
import Testing

@Suite struct SimpleMovingAverageTests {
    @Test("the sum is that of the last prices")
    func sums() {
        var average = SimpleMovingAverage(length: 3)
        let table: [(push: Int64, sum: Int128, count: Int, isFull: Bool, average: Int64)] = [
            (10, 10, 1, false, 10),
            (20, 30, 2, false, 15),
            (31, 61, 3, true, 20),
            (5, 56, 3, true, 19),
            (-50, -14, 3, true, -5),
        ]
        #expect(average.average == nil)
        for row in table {
            average.push(Price(units: row.push))
            #expect(average.sum == row.sum)
            #expect(average.count == row.count)
            #expect(average.isFull == row.isFull)
            #expect(average.average == Price(units: row.average))
        }
    }

    @Test("averages are compared without rounding")
    func comparison() {
        let table: [(left: [Int64], right: [Int64], outcome: Int)] = [
            ([1, 2], [1, 1, 2], 1),
            ([1, 1], [1, 1, 1], 0),
            ([3], [3, 3, 4], -1),
            ([.max, .max], [.max, .max, .max - 1], 1),
            ([.min, .min], [.min, .min, .min + 1], -1),
        ]
        for row in table {
            #expect(filled(row.left).compare(with: filled(row.right)) == row.outcome)
        }
    }

    private func filled(_ prices: [Int64]) -> SimpleMovingAverage {
        var average = SimpleMovingAverage(length: prices.count)
        for price in prices { average.push(Price(units: price)) }
        return average
    }
}
