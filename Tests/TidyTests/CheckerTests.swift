// Each checker is shown to find what it is for, on small broken texts.

import Testing

@Suite struct CheckerTests {
    @Test(
        "an import across or upwards is found",
        arguments: [
            ("Shared/Contracts/A.swift", "import Foundation", true),
            ("Shared/TradingCore/Matching/A.swift", "import Contracts", false),
            ("Shared/TradingCore/A.swift", "import MarketData", true),
            ("Shared/MarketData/A.swift", "@testable import Messaging", true),
            ("Shared/Messaging/A.swift", "import ZeroMQ", false),
            ("Shared/Messaging/A.swift", "import CZeroMQ", true),
            ("Shared/Persistence/A.swift", "import GRDB", false),
            ("Shared/StrategyHost/A.swift", "import GRDB", true),
            ("Shared/StrategyHost/A.swift", "import ServiceKit", true),
            ("Shared/ServiceKit/A.swift", "public import Hummingbird", false),
            ("Services/OrderSimulator/A.swift", "import Hummingbird", true),
            ("Services/OrderSimulator/A.swift", "import struct ServiceKit.Settings", false),
            ("Services/OrderSimulator/A.swift", "import market_data_gateway", true),
            ("Services/Strategies/Quoter/A.swift", "import StrategyKit", false),
            ("Services/Strategies/Quoter/A.swift", "import Contracts", true),
            ("Services/PluginHost/A.swift", "import ServiceKit", true),
            ("Shared/Unheard/A.swift", "import Contracts", true),
            ("Tests/AnyTests/A.swift", "@testable import order_simulator", false),
            ("Tests/AnyTests/A.swift", "import Hummingbird", true),
            (
                "Shared/Contracts/A.swift", "// import Foundation\nlet a = \"\"\"\nimport Foundation\n\"\"\"",
                false
            ),
        ])
    func imports(_ path: String, _ text: String, _ isWrong: Bool) {
        #expect(ImportRules.violations([SourceFile(path: path, text: text)]).isEmpty == !isWrong)
    }

    @Test("a long file, line or function is found, one at the limit is not")
    func lengths() {
        func violations(_ text: String) -> [String] {
            LengthRules.violations([SourceFile(path: "Shared/A.swift", text: text)])
        }
        #expect(violations(String(repeating: "\n", count: 500)).isEmpty)
        #expect(
            violations(String(repeating: "\n", count: 501)) == ["Shared/A.swift has 501 lines; at most 500"])
        #expect(violations(String(repeating: "é", count: 110)).isEmpty)
        #expect(violations("\n" + String(repeating: "x", count: 111)).count == 1)
        #expect(violations("func a() {" + String(repeating: "\n", count: 59) + "}\n").isEmpty)
        let long = "func a() {" + String(repeating: "\n", count: 60) + "}\n"
        #expect(violations(long) == ["Shared/A.swift:1 a has 61 lines; at most 60"])
        #expect(
            LengthRules.violations([SourceFile(path: "a.json", text: String(repeating: "x", count: 999))])
                .isEmpty)
    }

    @Test("functions are counted between their own braces")
    func functions() {
        let text = #"""
            protocol P {
                func required(a: Int)
                var b: Int { get }
            }
            struct S {
                init(x: Int = { 1 }()) {
                    self.init()
                }
                func outer<T>(_ t: T) -> String where T: P {
                    func inner() {
                        print("} \(t.map { "}" }) {", #"{"#)
                    }
                    // }
                    /* } /* } */ } */
                    return """
                        } { \("}")
                        """
                }
                subscript(i: Int) -> Int { i }
                deinit {
                }
            }
            """#
        let expected = [
            FunctionExtent(name: "init", line: 6, length: 3),
            FunctionExtent(name: "outer", line: 9, length: 10),
            FunctionExtent(name: "inner", line: 10, length: 3),
            FunctionExtent(name: "subscript", line: 19, length: 1),
            FunctionExtent(name: "deinit", line: 20, length: 2),
        ]
        #expect(CodeScan.functions(text) == expected)
    }

    @Test("a file that nothing uses is found")
    func deadFiles() {
        let package = SourceFile(
            path: "Package.swift", text: #"library("Contracts", []), .target(path: "Shared/CZlib")"#)
        let make = SourceFile(path: "Makefile", text: "Tests/Scripts/used.sh")
        let names = [
            "Shared/Contracts/Numbers/A.swift", "Shared/CZlib/shim.h", "Shared/Lost/B.swift",
            "Shared/Contracts/notes.txt",
            "Tests/Scripts/used.sh", "Tests/Scripts/dead.sh", "Shared/Python/p/__init__.py",
            "Tests/Python/test_a.py",
        ]
        let tree = SourceTree(
            files: names.map { SourceFile(path: $0, text: "") }, references: [package, make])
        let dead = ["Shared/Lost/B.swift", "Shared/Contracts/notes.txt", "Tests/Scripts/dead.sh"]
        #expect(DeadFiles.find(tree) == dead)
    }
}
