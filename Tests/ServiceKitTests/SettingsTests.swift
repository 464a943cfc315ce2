import Testing

@testable import ServiceKit

private enum Speed: String, CaseIterable, ScalarSettingValue { case real, max }

private let endpoint = Setting<String>("market-data-endpoint", default: "tcp://a", help: "Where.")
private let speed = Setting<Speed>("speed", default: .max, help: "How fast.")
private let runners = Setting<Int>("runners", default: 1, help: "How many.", allowed: Setting.within(1...8))
private let fresh = Setting<Bool>("fresh", default: false, help: "Anew.")
private let strategies = Setting<[String]>("strategy", default: [], help: "What.")
private let symbols = Setting<[String]>("symbols", default: [], separator: ",", help: "Which.")
private let cash = Setting<Int>("cash", default: 100_000, section: "simulation", help: "Start.")
private let database = Setting<String?>("database-url", default: nil, secret: true, help: "Store.")
private let reader = SettingsReader(
    [
        CommonSettings.configuration.declaration, endpoint.declaration, speed.declaration,
        runners.declaration,
        fresh.declaration, strategies.declaration, symbols.declaration, cash.declaration,
        database.declaration,
    ],
    tables: [byStrategy], tolerated: ["ingest-endpoint"])
private let byStrategy = SettingTable(
    ["simulation", "strategies"], columns: [cash.declaration], help: "By strategy.")

private func read(
    _ arguments: [String] = [], _ environment: [String: String] = [:], file: String? = nil
) throws -> Settings {
    let folder = try TemporaryFolder()
    var arguments = arguments
    if let file {
        try folder.write(file, to: "settings.yaml")
        arguments += ["--config", folder.path + "/settings.yaml"]
    }
    guard case .settings(let settings) = try reader.read(arguments: arguments, environment: environment)
    else {
        throw WrongUse("help")
    }
    return settings
}

private func mistakes(
    _ arguments: [String] = [], _ environment: [String: String] = [:], file: String? = nil
) -> [String] {
    do {
        _ = try read(arguments, environment, file: file)
        return []
    } catch {
        return (error as? WrongUse)?.sentences ?? ["\(error)"]
    }
}

@Suite struct SettingsTests {
    @Test("flag comes before environment, environment before file, file before default")
    func precedence() throws {
        let file = "market-data:\n  endpoint: from-file\n"
        let environment = ["MARKET_DATA_ENDPOINT": "from-environment"]
        let flag = ["--market-data-endpoint", "from-flag"]
        #expect(try read()[endpoint] == "tcp://a")
        #expect(try read(file: file)[endpoint] == "from-file")
        #expect(try read([], environment, file: file)[endpoint] == "from-environment")
        #expect(try read(flag, environment, file: file)[endpoint] == "from-flag")
        #expect(try read(["--market-data-endpoint=x=y"])[endpoint] == "x=y")
        #expect(try read([], environment).origin(of: endpoint) == .environment("MARKET_DATA_ENDPOINT"))
        #expect(try !read().isGiven(endpoint))
    }

    @Test(
        "a key may be nested anywhere at its dashes",
        arguments: [
            "market-data-endpoint: x", "market-data:\n  endpoint: x",
            "market:\n    data:\n        endpoint: \"x\" # why",
        ])
    func nesting(_ file: String) throws {
        #expect(try read(file: file)[endpoint] == "x")
    }

    @Test("repeated settings keep commas unless the setting splits at them")
    func lists() throws {
        let flags = [
            "--strategy", "a=p:IBM:x=1,y=2", "--strategy=b=p:IBM", "--symbols", "A,B", "--symbols", "C",
        ]
        let settings = try read(flags)
        #expect(settings[strategies] == ["a=p:IBM:x=1,y=2", "b=p:IBM"])
        #expect(settings[symbols] == ["A", "B", "C"])
        let fromFile = try read(file: "strategy:\n  - a=p:IBM:x=1,y=2\n  - b=p\nsymbols: [A, B]\nfresh: yes")
        #expect(fromFile[strategies] == ["a=p:IBM:x=1,y=2", "b=p"])
        #expect(fromFile[symbols] == ["A", "B"])
        #expect(fromFile[fresh])
        #expect(try read([], ["STRATEGY": "a=p:x=1,y=2;b=p"])[strategies] == ["a=p:x=1,y=2", "b=p"])
    }

    @Test("switches need no value, numbers may be negative, operands stay in order")
    func commandLine() throws {
        let settings = try read(["one", "--fresh", "two", "--", "--three"])
        #expect(settings[fresh])
        #expect(settings.operands == ["one", "two", "--three"])
        #expect(try !read(["--no-fresh"], ["FRESH": "yes"])[fresh])
        #expect(
            mistakes(["--runners", "-1"]) == [
                "runners is \"-1\" (flag --runners); allowed is a whole number from 1 to 8."
            ])
    }

    @Test("sections and tables of the file are read by type")
    func tables() throws {
        let file = """
            # a comment
            simulation:
              cash: 5
              strategies:
                sma.ibm:
                  cash: 7
                b:
                  cash: 8
            ingest:
              endpoint: tcp://other
            speed: real
            """
        let settings = try read(file: file)
        #expect(settings[cash] == 5)
        #expect(settings[speed] == .real)
        #expect(settings[byStrategy].map(\.name) == ["b", "sma.ibm"])
        #expect(settings[byStrategy].map { $0[cash] } == [8, 7])
    }

    @Test(
        "every mistake is one sentence with its place",
        arguments: [
            (["--sped", "1"], "There is no flag --sped. Did you mean --speed?"),
            (["--speed", "fast"], "speed is \"fast\" (flag --speed); allowed is real or max."),
            (["--speed"], "--speed needs a value: --speed real|max"),
            (["--speed", "max", "--speed", "real"], "--speed was given twice."),
            (["-x"], "There is no flag -x. Flags are written with two dashes; see --help."),
        ])
    func wrongFlags(_ arguments: [String], _ sentence: String) {
        #expect(mistakes(arguments) == [sentence])
    }

    @Test("all mistakes are reported together, and a secret is never shown")
    func allMistakes() {
        #expect(mistakes(["--runners", "9", "--speeed=1"], ["SPEED": "x"]).count == 3)
        let shown = mistakes(["--database-url", "secret", "--database-url", "secret"])
        #expect(shown == ["--database-url was given twice."])
    }

    @Test(
        "mistakes in a file name the line",
        arguments: [
            ("a: 1\n", "line 1: there is no setting a."),
            (
                "\nmarket-data:\n  endpont: x\n",
                "line 3: there is no setting market-data.endpont. Did you mean market-data-endpoint?"
            ),
            ("runners: 0\n", "line 1); allowed is a whole number from 1 to 8."),
            ("speed: max\nspeed: real\n", "is not valid YAML"),
            ("market-data-endpoint: a\nmarket-data:\n  endpoint: b\n", "stands in line 1 already."),
            ("market-data: {endpoint: a}\n", "line 1: write each key on a line of its own"),
            ("speed:\n  - max\n", "speed holds one value, not a list."),
            (
                "simulation:\n  strategies:\n    a:\n      cahs: 1\n",
                "line 4: simulation.strategies has no cahs. Did you mean cash?"
            ),
            ("simulation:\n  strategies:\n    a:\n      cash: x\n", "line 4); allowed is a whole number."),
            ("speed: 'max\n", "is not valid YAML"),
        ])
    func wrongFiles(_ file: String, _ part: String) {
        let found = mistakes(file: file)
        #expect(found.count == 1)
        #expect(found.first?.contains(part) == true, "\(found)")
    }

    @Test("a missing file is a sentence, an empty one is no settings")
    func missingFile() throws {
        #expect(
            mistakes(["--config", "/nowhere/x.yaml"]) == [
                "The configuration file /nowhere/x.yaml cannot be read. Check the path given with --config."
            ])
        #expect(try read(file: "# nothing\n")[speed] == .max)
        #expect(try read(file: "speed:\n")[speed] == .max)
    }

    @Test("an empty variable of the environment is not given")
    func emptyVariable() throws {
        let settings = try read([], ["RUNNERS": "", "SYMBOLS": "", "SPEED": ""])
        #expect(settings[runners] == 1 && settings[symbols].isEmpty && settings[speed] == .max)
        #expect(!settings.isGiven(runners))
    }

    @Test("a secret may stand in a file that the environment names")
    func secretFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("postgres://x\n", to: "url")
        #expect(try read([], ["DATABASE_URL_FILE": folder.path + "/url"])[database] == "postgres://x")
        let both = ["DATABASE_URL": "", "DATABASE_URL_FILE": folder.path + "/url"]
        #expect(try read([], both)[database] == "postgres://x")
        let missing = mistakes([], ["DATABASE_URL_FILE": folder.path + "/none"])
        #expect(missing.first?.contains("cannot be read (environment variable DATABASE_URL_FILE)") == true)
    }

    @Test("help lists each setting with its default, variable and purpose")
    func help() throws {
        guard case .help = try reader.read(arguments: ["--speed", "?", "--help"], environment: [:]) else {
            Issue.record("--help asks for help whatever else is wrong")
            return
        }
        let text = SettingsHelp.text(reader.declared, tables: [byStrategy])
        #expect(text.contains("  --speed real|max\n        How fast. [default max; env SPEED]"))
        #expect(text.contains("  --strategy TEXT (repeatable)"))
        #expect(text.contains("in the file: simulation.strategies: NAME:"))
        #expect(!text.split(separator: "\n").contains { $0.count > 110 })
    }

    @Test(
        "the nearest name has the fewest edits",
        arguments: [
            ("sped", "speed"), ("runers", "runners"), ("frseh", "fresh"),
            ("marketdataendpoint", "market-data-endpoint"),
        ])
    func nearest(_ typed: String, _ expected: String) {
        #expect(
            nearestName(to: typed, in: ["speed", "runners", "fresh", "market-data-endpoint"]) == expected)
    }

    @Test(
        "durations have units",
        arguments: [
            ("250us", Duration.microseconds(250)), ("10ms", .milliseconds(10)), ("2s", .seconds(2)),
            ("5m", .seconds(300)), ("3h", .seconds(10_800)), ("7d", .seconds(604_800)),
            ("5", nil), ("-1s", nil), ("1y", nil), ("", nil),
        ])
    func durations(_ text: String, _ expected: Duration?) {
        #expect((try? Duration.read(text)) == expected)
    }
}
