// Who may import whom. Each module may import what lies below it and nothing beside it; libraries are
// allowed by name, so a new one is a decision that this table shows.

/// One import that is not allowed.
struct ImportViolation: Equatable, CustomStringConvertible {
    var path: String
    var line: Int
    var module: String
    var description: String { "\(path):\(line): \(module) may not be imported here" }
}

enum ImportRules {
    /// What comes with the toolchain and the system.
    private static let system: Set = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Synchronization", "Dispatch",
    ]
    private static let middle: Set = ["TradingCore", "MarketData", "StrategyKit", "Messaging", "Persistence"]
    private static let serviceLibraries: Set = ["Logging", "Metrics", "ServiceLifecycle", "UnixSignals"]
    private static let shared = middle.union(["Contracts", "ChildProcesses", "StrategyHost", "ServiceKit"])

    /// All that a folder's files may import.
    static func allowed(_ path: String) -> Set<String> {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 2 else { return [] }
        switch (parts[0], parts[1]) {
        case ("Shared", let module): return allowed(inShared: module)
        case ("Services", "Strategies"): return ["StrategyKit"]
        case ("Services", "PluginHost"):
            return system.union(["Contracts", "StrategyKit", "StrategyHost", "CStrategyABI", "CSandbox"])
        case ("Services", _): return system.union(shared).union(serviceLibraries).union(["CCrashPoint"])
        default:
            // Tests look inside every module, services included; the web framework stays ServiceKit's alone.
            let libraries: Set = ["Testing", "CoreMetrics", "GRDB", "Crypto", "ZeroMQ", "CZeroMQ", "CZlib"]
            return system.union(shared).union(serviceLibraries).union(libraries)
                .union(["CChecksum", "CCrashPoint", "CStrategyABI", "CSandbox", "CPostgreSQL"]).union(
                    services)
        }
    }

    private static let services: Set = [
        "market_data_gateway", "strategy_runner", "order_simulator", "performance_tracker", "plugin_host",
        "trading_robot", "api_gateway", "SMACrossover", "Quoter",
    ]

    private static func allowed(inShared module: String) -> Set<String> {
        switch module {
        case "Contracts": []
        case "ChildProcesses": system.union(["CSpawn"])
        case "TradingCore": ["Contracts"]
        case "MarketData": system.union(["Contracts", "CZlib"])
        case "StrategyKit": system.union(["Contracts", "CStrategyABI"])
        case "ZeroMQ": system.union(["CZeroMQ"])
        case "Messaging": system.union(["Contracts", "ZeroMQ", "CChecksum", "CCrashPoint"])
        case "Persistence":
            system.union(["Contracts", "CPostgreSQL", "CCrashPoint", "CZlib", "GRDB", "GRDBSQLite", "Crypto"])
        case "StrategyHost":
            system.union(middle).union(["Contracts", "ChildProcesses", "CStrategyABI", "CSandbox"])
        case "ServiceKit":
            system.union(middle).union(serviceLibraries).union([
                "Contracts", "StrategyHost", "ArgumentParser", "Configuration", "CoreMetrics", "Histogram",
                "Hummingbird", "HummingbirdCore", "NIOCore", "HTTPTypes",
            ])
        default: []
        }
    }

    static func violations(_ files: [SourceFile]) -> [ImportViolation] {
        files.filter(\.isSwift).flatMap { file -> [ImportViolation] in
            let allowed = allowed(file.path)
            return imports(file.text).filter { !allowed.contains($0.module) }
                .map { ImportViolation(path: file.path, line: $0.line, module: $0.module) }
        }
    }

    /// The modules that a text imports, with their lines. Text in comments and strings does not count.
    static func imports(_ text: String) -> [(module: String, line: Int)] {
        let words: Set = [
            "public", "package", "internal", "private", "fileprivate", "struct", "class", "enum", "func",
            "protocol", "typealias", "let", "var",
        ]
        var found: [(module: String, line: Int)] = []
        let lines = CodeScan.withoutTextAndComments(text).split(
            separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let all = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ";" })
            let rest = all.drop { $0.hasPrefix("@") || words.contains(String($0)) }
            guard rest.first == "import" else { continue }
            let name = rest.dropFirst().drop { words.contains(String($0)) }.first ?? ""
            found.append((String(name.prefix { $0 != "." }), index + 1))
        }
        return found
    }
}
