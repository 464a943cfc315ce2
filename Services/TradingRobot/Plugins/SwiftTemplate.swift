// What `plugins new --language swift` writes: a package that builds a shared library with StrategyKit.

/// A new strategy in Swift.
struct SwiftTemplate {
    /// The plugin's id.
    var name: String
    /// The folder of the platform's sources.
    var platform: String
    /// The folder of the platform's executables.
    var programs: String

    private var type: String { typeName(name) }

    var files: [NewFile] {
        [
            NewFile(path: "Package.swift", text: package),
            NewFile(path: "Sources/\(type)/\(type).swift", text: strategy),
            NewFile(path: "Tests/\(type)Tests/\(type)Tests.swift", text: test),
            NewFile(path: "\(name).yaml", text: newConfiguration(name, plugins: ".build/release")),
            NewFile(path: ".gitignore", text: ".build/\n"),
        ]
    }

    private var package: String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "\(name)",
            products: [.library(name: "\(name)", type: .dynamic, targets: ["\(type)"])],
            dependencies: [.package(name: "TradingRobotPlug", path: "\(platform)")],
            targets: [
                .target(
                    name: "\(type)",
                    dependencies: [.product(name: "StrategyKit", package: "TradingRobotPlug")]),
                .testTarget(name: "\(type)Tests", dependencies: ["\(type)"]),
            ]
        )

        """
    }

    private var strategy: String {
        """
        // \(name): long while the price is above its exponential moving average, flat while it is below.

        import StrategyKit

        public struct \(type): Strategy {
            public static let metadata = StrategyMetadata(
                id: "\(name)", name: "\(name)", version: "0.1.0",
                description: "Long while the price is above its exponential moving average.",
                // The average is complete after so many prices; before, no order is taken.
                warmUp: .events(parameter: "length"),
                parameters: [
                    .integer("length", default: 20, in: 1...10_000, "prices in the average"),
                    .decimal("quantity", default: "100", from: "0.00000001", through: "1000000", "to buy"),
                ])

            /// One for each symbol.
            private var averages: [ExponentialMovingAverage] = []
            private var quantity = Quantity.zero

            public init() {}

            /// Once, before the first event.
            public mutating func initialize(in context: StrategyContext) throws {
                let length = context.integer("length")
                averages = context.symbols.map { _ in ExponentialMovingAverage(length: length) }
                quantity = context.decimal("quantity")
            }

            /// Every quote, trade or bar of the strategy's symbols. What is returned becomes a market order.
            public mutating func onMarketData(
                _ data: MarketData, in context: StrategyContext
            ) throws -> Signal? {
                let slot = Int(data.symbol.rawValue)
                averages[slot].push(data.price)
                guard let average = averages[slot].value, context.openOrders(of: data.symbol) == 0 else {
                    return nil
                }
                let position = context.position(of: data.symbol)
                let price = data.price.approximate
                if price > average && position.isZero { return .buy(quantity) }
                if price < average && position > .zero { return .sell(position) }
                return nil
            }
        }

        /// The library's one entry for the platform.
        @c(trading_robot_strategy_v1)
        public func entry() -> UnsafeRawPointer { export(\(type).self) }

        """
    }

    private var test: String {
        """
        // Runs \(name) over two thousand made-up quotes in the platform's own backtester.

        import Foundation
        import Testing

        import \(type)

        /// The folder of Package.swift.
        private let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        /// The folder of `trading-robot`: TRADING_ROBOT_BIN, or the one that wrote this file.
        private let programs = ProcessInfo.processInfo.environment["TRADING_ROBOT_BIN"] ?? "\(programs)"
        /// Where this build's library is: beside the test itself.
        private let libraries = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path

        /// The standard output of a backtest.
        private func backtest(_ arguments: String...) throws -> Data {
            let process = Process()
            process.executableURL = URL(filePath: programs + "/trading-robot")
            process.currentDirectoryURL = package
            let configured = ["backtest", "--config", "\(name).yaml", "--plugins", libraries]
            process.arguments = configured + ["--events", "2000"] + arguments
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            return data
        }

        @Test("it trades, and the same each time") func trades() throws {
            let ledger = try backtest("--ledger", "-")
            #expect(ledger.split(separator: UInt8(ascii: "\\n")).count >= 10)
            #expect(try backtest("--ledger", "-") == ledger)
        }

        @Test("its metadata name every parameter") func metadata() {
            #expect(\(type).metadata.id == "\(name)")
            #expect(\(type).metadata.parameters.map(\\.name) == ["length", "quantity"])
        }

        """
    }
}

/// The configuration of a new strategy: synthetic data, so that it runs as it stands.
func newConfiguration(_ name: String, plugins: String) -> String {
    """
    # trading-robot backtest --config \(name).yaml
    plugins: [\(plugins)]
    # Made-up data; for recorded ones put `data: [PATH]` in the place of the next two lines.
    symbols: [ACME]
    events: 20000
    strategies:
      \(name):
        plugin: \(name)
        symbols: [ACME]
        parameters:
          length: 20
          quantity: 100

    """
}
