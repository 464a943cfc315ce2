import Contracts
import Testing

@testable import MarketData

@Suite struct FieldTests {
    @Test(
        arguments: [
            // text, 10^shift, exact, units, problem
            ("1800100", 4, true, 18_001_000_000, .none), ("1.38742", 8, true, 138_742_000, .none),
            ("7424.9", 8, true, 742_490_000_000, .none), ("0", 4, true, 0, .none), ("", 8, true, 0, .none),
            ("1800100.5", 4, true, 18_001_005_000, .none), ("1800100.00001", 4, true, 0, .priceTooFine),
            ("1.123456789", 8, true, 0, .priceTooFine), ("1.123456780000", 8, true, 112_345_678, .none),
            ("33.35399601000002", 8, false, 3_335_399_601, .none), ("0.000000005", 8, false, 0, .none),
            ("0.000000015", 8, false, 2, .none), ("0.0000000151", 8, false, 2, .none),
            ("-1.5", 8, true, -150_000_000, .none),
            ("1.5e3", 8, true, 150_000_000_000, .none), ("15E-1", 8, true, 150_000_000, .none),
            ("92233720368.54775807", 8, true, .max, .none), ("92233720368.54775808", 8, true, 0, .outOfRange),
            ("99999999999999999999", 8, true, 0, .outOfRange),
            ("000000000000000000000001", 8, true, 100_000_000, .none),
            ("1.2.3", 8, true, 0, .notANumber), ("abc", 8, true, 0, .notANumber),
            (".", 8, true, 0, .notANumber),
            ("1e", 8, true, 0, .notANumber), ("1e999", 8, true, 0, .notANumber),
            ("0x10", 8, true, 0, .notANumber),
            ("NaN", 8, true, 0, .notANumber), ("1 ", 8, true, 0, .notANumber),
            ("1" + String(repeating: "0", count: 60), 8, true, 0, .outOfRange),
        ] as [(String, Int, Bool, Int64, FieldProblem)])
    func numbersAreReadExactly(text: String, shift: Int, exact: Bool, units: Int64, problem: FieldProblem) {
        for ending in ["\n", ",\n", "\r\n"] {
            Array((text + ending).utf8).withUnsafeBufferPointer { buffer in
                var scan = FieldScanner(buffer.baseAddress!)
                let value = scan.amount(shift: shift, exact: exact)
                #expect(scan.problem == problem)
                #expect(value == units)
            }
        }
    }

    @Test func aLineSaysWhichColumnIsWrong() {
        for (line, column, problem) in [
            ("1,2\n", 3, FieldProblem.missingField), ("1,x,3\n", 2, .notANumber),
            ("1,2,3,4\n", 4, .extraField),
            ("1,2,3\n", 4, .none), ("\n", 2, .missingField),
        ] {
            Array(line.utf8).withUnsafeBufferPointer { buffer in
                var scan = FieldScanner(buffer.baseAddress!)
                for _ in 0..<3 { _ = scan.amount(shift: 8, exact: true) }
                scan.endLine()
                #expect(scan.problem == problem, "\(line)")
                #expect(scan.column == column, "\(line)")
                #expect(scan.nextLine() == buffer.baseAddress! + buffer.count)
            }
        }
    }

    @Test(
        arguments: [
            ("14400640", 14_400_640_000, .none), ("14400009.367", 14_400_009_367, .none),
            ("14400009.36789", 14_400_009_367, .none), ("0", 0, .none), ("86400000", 86_400_000_000, .none),
            ("86400001", 0, .badTime), ("", 0, .badTime), ("-5", 0, .badTime),
            ("99999999999999", 0, .badTime),
        ] as [(String, Int64, FieldProblem)])
    func timesOfDayAreMillisecondsWithDecimals(text: String, microseconds: Int64, problem: FieldProblem) {
        Array((text + ",1\n").utf8).withUnsafeBufferPointer { buffer in
            var scan = FieldScanner(buffer.baseAddress!)
            #expect(scan.millisecondsOfDay() == microseconds)
            #expect(scan.problem == problem)
        }
    }
}
