// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is compiled in Swift 6 language mode, and a warning is an error.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// Pure targets: no heavy dependency, so that a change in them compiles in seconds.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Shared/\(name)", swiftSettings: strict)
}

/// An executable: a thin main, its wiring and its configuration.
func service(_ name: String, _ folder: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + ["ServiceKit", "CCrashPoint"], path: "Services/\(folder)",
        swiftSettings: strict)
}

/// A strategy, built as a shared library that the runner loads through the C ABI.
func strategy(_ folder: String) -> Target {
    .target(
        name: folder, dependencies: ["StrategyKit"], path: "Services/Strategies/\(folder)",
        swiftSettings: strict)
}

/// Tests of the optimised modules. Most are themselves compiled without optimisation, which takes half as
/// long; those that run millions of steps of their own are `optimised`.
func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], optimised: Bool = false
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
        swiftSettings: optimised ? strict : strict + [.unsafeFlags(["-Onone"])])
}

let package = Package(
    name: "TradingRobotPlug",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Shared", targets: ["Contracts", "Messaging", "StrategyKit"]),
        .library(name: "StrategyKit", targets: ["StrategyKit"]),
        .library(name: "sma-crossover", type: .dynamic, targets: ["SMACrossover"]),
        .library(name: "quoter", type: .dynamic, targets: ["Quoter"]),
    ],
    dependencies: [
        .package(
            url: "https://github.com/apple/swift-configuration", exact: "1.4.0",
            traits: ["YAML", "CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .target(name: "CChecksum", path: "Shared/CChecksum"),
        .target(name: "CCrashPoint", path: "Shared/CCrashPoint"),
        .target(name: "CSandbox", path: "Shared/CSandbox"),
        .target(name: "CSpawn", path: "Shared/CSpawn"),
        .target(name: "CStrategyABI", path: "Shared/CStrategyABI"),
        .systemLibrary(
            name: "CPostgreSQL", path: "Shared/CPostgreSQL", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CZeroMQ", path: "Shared/CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(
            name: "CZlib", path: "Shared/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "Contracts", path: "Shared/Contracts", exclude: ["Schemas"], swiftSettings: strict),
        library("ChildProcesses", ["CSpawn"]),
        library("TradingCore", ["Contracts"]),
        library("MarketData", ["Contracts", "CZlib"]),
        library("ZeroMQ", ["CZeroMQ"]),
        library("Messaging", ["Contracts", "ZeroMQ", "CChecksum", "CCrashPoint"]),
        .target(
            name: "StrategyKit", dependencies: ["Contracts", "CStrategyABI"], path: "Shared/StrategyKit",
            swiftSettings: strict, linkerSettings: [.linkedLibrary("m")]),
        library(
            "StrategyHost", ["Contracts", "TradingCore", "CStrategyABI", "MarketData", "ChildProcesses"]),
        library(
            "Persistence",
            [
                "Contracts", "CPostgreSQL", "CCrashPoint", "CZlib",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        library(
            "ServiceKit",
            [
                "Contracts", "Messaging", "TradingCore", "MarketData", "StrategyHost", "Persistence",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        strategy("SMACrossover"),
        strategy("Quoter"),
        service("market-data-gateway", "MarketDataGateway", ["Messaging", "MarketData"]),
        service("strategy-runner", "StrategyRunner", ["Messaging", "StrategyHost", "Persistence"]),
        service("order-simulator", "OrderSimulator", ["Messaging", "TradingCore"]),
        // Without ServiceKit: what surrounds a stranger's code is kept small.
        .executableTarget(
            name: "plugin-host", dependencies: ["Contracts", "StrategyHost", "CStrategyABI", "CSandbox"],
            path: "Services/PluginHost", swiftSettings: strict),
        service("performance-tracker", "PerformanceTracker", ["Messaging", "TradingCore", "Persistence"]),
        service(
            "trading-robot", "TradingRobot",
            ["Messaging", "TradingCore", "MarketData", "StrategyHost", "Persistence", "ChildProcesses"]),
        .executableTarget(
            name: "indicator-values", dependencies: ["StrategyKit"], path: "Tests/IndicatorValues",
            swiftSettings: strict),
        tests("ContractsTests", ["Contracts"], optimised: true),
        tests("JournalTests", ["Messaging", "Contracts", "CChecksum"], optimised: true),
        tests("ZeroMQTests", ["ZeroMQ"]),
        tests("MessagingTests", ["Messaging", "Contracts", "ZeroMQ"]),
        tests("MarketDataTests", ["MarketData", "Contracts"]),
        tests("TradingCoreTests", ["TradingCore", "Contracts"], optimised: true),
        tests("StrategyKitTests", ["StrategyKit", "StrategyHost", "Contracts", "CStrategyABI"]),
        tests(
            "StrategyHostTests",
            ["StrategyHost", "TradingCore", "Contracts", "CStrategyABI", "ChildProcesses"]),
        tests(
            "SessionTests",
            [
                "StrategyHost", "TradingCore", "Contracts", "CStrategyABI", "Messaging", "Persistence",
                "ServiceKit", "performance-tracker",
            ], optimised: true),
        tests("PersistenceTests", ["Persistence", "Contracts", "CPostgreSQL"], exclude: ["Formats"]),
        tests("ServiceKitTests", ["ServiceKit", "Persistence", "TradingCore", "Contracts"]),
        tests(
            "TrackerTests",
            [
                "performance-tracker", "Persistence", "Messaging", "ServiceKit", "TradingCore", "Contracts",
                "ZeroMQ", "ChildProcesses",
            ]),
        tests("TidyTests", ["ChildProcesses"], optimised: true),
        tests("EndToEndTests", ["ChildProcesses"]),
    ]
)

// TEST_TARGETS=SessionTests,TidyTests builds these test targets alone: the others cost minutes.
if let named = Context.environment["TEST_TARGETS"]?.split(separator: ",").map(String.init) {
    package.targets.removeAll { $0.isTest && !named.contains($0.name) }
}

// The benchmarks are built only when they are asked for: `make bench`.
if Context.environment["BENCH"] != nil {
    package.targets.append(
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "Contracts", "Messaging", "TradingCore", "StrategyHost", "MarketData", "ZeroMQ",
                "CStrategyABI", "Persistence", "ServiceKit",
            ], path: "Tests/Benchmarks",
            exclude: [
                "run.py", "building.py", "measuring.py", "store.py", "Peers", "Strategies",
            ], swiftSettings: strict))
}

// The image holds no tests, and a change of one does not build it anew.
if Context.environment["IMAGE"] != nil {
    package.targets.removeAll { $0.path?.hasPrefix("Tests/") == true }
}
