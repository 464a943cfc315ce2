// Strategies in the file of `--config`, as YAML and as JSON, and what is wrong with them.

import Testing

@testable import ServiceKit

private let reader = SettingsReader(
    [CommonSettings.configuration.declaration, StrategySettings.strategy.declaration],
    tables: [StrategySettings.table])

private func read(_ arguments: [String] = [], file: String) throws -> [StrategyDefinition] {
    let folder = try TemporaryFolder()
    try folder.write(file, to: "settings")
    let outcome = try reader.read(
        arguments: arguments + ["--config", folder.path + "/settings"], environment: [:])
    guard case .settings(let settings) = outcome else { throw WrongUse("help") }
    let given = StrategySettings.read(settings)
    guard given.mistakes.isEmpty else { throw WrongUse(given.mistakes) }
    return given.definitions
}

private func mistakes(_ file: String) -> [String] {
    do {
        let strategies = try read(file: file)
        return strategies.map(\.id)
    } catch {
        return (error as? WrongUse)?.sentences ?? ["\(error)"]
    }
}

private let yaml = """
    strategies:
      sma-ibm:
        plugin: sma-crossover
        symbols: [IBM, AAPL]
        parameters:
          fast: 10
          quantity: 0.5
      quotes:
        plugin: quoter
        symbols: [IBM]
        parameters: ["tick=0.01"]
    """
private let json = """
    {"strategies": {
      "sma-ibm": {"plugin": "sma-crossover", "symbols": ["IBM", "AAPL"],
                  "parameters": {"fast": 10, "quantity": 0.5}},
      "quotes": {"plugin": "quoter", "symbols": ["IBM"], "parameters": ["tick=0.01"]}}}
    """

@Suite struct StrategyTableTests {
    @Test("YAML and JSON give the same strategies, in the order of their ids", arguments: [yaml, json])
    func forms(_ file: String) throws {
        #expect(
            try read(file: file) == [
                StrategyDefinition(
                    id: "quotes", plugin: "quoter", symbols: ["IBM"], parameters: ["tick=0.01"]),
                StrategyDefinition(
                    id: "sma-ibm", plugin: "sma-crossover", symbols: ["IBM", "AAPL"],
                    parameters: ["fast=10", "quantity=0.5"]),
            ])
    }

    @Test("the flag takes the place of the table")
    func precedence() throws {
        let found = try read(["--strategy", "a=quoter:IBM"], file: yaml)
        #expect(found.map(\.id) == ["a"])
    }

    @Test("every row that is not whole is named")
    func rows() {
        let file = """
            strategies:
              a:
                symbols: [IBM]
              b:
                plugin: quoter
              "no space":
                plugin: quoter
                symbols: [IBM]
            """
        #expect(
            mistakes(file) == [
                "strategies.a names no plugin.",
                "strategies.b: allowed are symbols of 1 to 32 of A-Z a-z 0-9 . _ -, each once.",
                "strategies.no space: allowed are ids of 1 to 40 of A-Z a-z 0-9 . _ -.",
            ])
    }

    @Test(
        "mistakes in JSON name the line",
        arguments: [
            ("{\"strategies\": {\n\"a\": {\"plugn\": \"x\"}}}", "line 2: strategies has no plugn."),
            ("{\"a\": 1}", "line 1: there is no setting a."),
            ("{\"strategy\": [\n\"a=b:IBM\",\n}", "line 3: it is not valid JSON for settings"),
            ("{\"strategies\": {\"a\": {}, \"a\": {}}}", "line 1: it is not valid JSON for settings"),
        ])
    func wrongJSON(_ file: String, _ part: String) {
        let found = mistakes(file)
        #expect(found.count == 1)
        #expect(found.first?.contains(part) == true, "\(found)")
    }
}
