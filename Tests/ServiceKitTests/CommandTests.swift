import Foundation
import Testing

@testable import ServiceKit

private let json = Setting<Bool>("json", default: false, help: "For programs.")
private let root = Command(
    "trading-robot", "Everything on one machine.",
    [
        Command("up", "Starts the stack.", settings: [json.declaration]) { _ in .done },
        Command(
            "journal", "Looks at journals.",
            [
                Command("cat", "Prints one.", operands: [Operand("DIR", help: "The folder.")]) { context in
                    context.operands == ["x"] ? .failed : .done
                },
                Command("wait", "Until it is stopped.") { _ in
                    kill(getpid(), SIGINT)
                    try await Task.sleep(for: .seconds(60))
                    return .done
                },
                Command("tidy", "Until it is stopped, then tidies up.") { context in
                    let (stops, stopped) = AsyncStream.makeStream(of: Void.self)
                    context.stop.onStop { stopped.finish() }
                    kill(getpid(), SIGINT)
                    for await _ in stops {}
                    return .done
                },
            ]),
    ])

private func outcome(_ arguments: String...) -> String {
    do {
        switch try root.choose(arguments[...], path: root.name, environment: [:]) {
        case .help(let text): return "help of " + (text.split(separator: "\n").first ?? "")
        case .run(_, let path, let settings): return path + " " + settings.operands.joined(separator: " ")
        }
    } catch {
        return "\(error)"
    }
}

@Suite struct CommandTests {
    @Test("words choose the command, everything else is help or a sentence")
    func choice() {
        #expect(outcome() == "help of Everything on one machine.")
        #expect(outcome("--help") == "help of Everything on one machine.")
        #expect(outcome("journal", "--help") == "help of Looks at journals.")
        #expect(outcome("journal", "cat", "--help") == "help of Prints one.")
        #expect(outcome("journal") == "trading-robot journal needs one of cat, wait or tidy.")
        #expect(outcome("pu") == "There is no command trading-robot pu. Did you mean trading-robot up?")
        #expect(outcome("journal", "cat") == "trading-robot journal cat needs DIR.")
        #expect(outcome("journal", "cat", "a", "b") == "trading-robot journal cat does not expect \"b\".")
        #expect(outcome("journal", "cat", "a") == "trading-robot journal cat a")
        #expect(outcome("up", "--jsn") == "There is no flag --jsn. Did you mean --json?")
    }

    @Test("the help of a group lists its commands in one column")
    func help() {
        #expect(root.help("trading-robot").contains("  up       Starts the stack.\n  journal  Looks"))
    }

    @Test("exit codes are 0 done, 1 failed, 2 wrong use, 130 interrupted")
    func codes() async {
        await #expect(processExitsWith: .exitCode(0)) {
            await runTool(root, arguments: ["journal", "cat", "y"], environment: [:])
        }
        await #expect(processExitsWith: .exitCode(1)) {
            await runTool(root, arguments: ["journal", "cat", "x"], environment: [:])
        }
        await #expect(processExitsWith: .exitCode(2)) {
            await runTool(root, arguments: ["x"], environment: [:])
        }
        await #expect(processExitsWith: .exitCode(130)) {
            await runTool(root, arguments: ["journal", "wait"], environment: [:])
        }
        await #expect(processExitsWith: .exitCode(130)) {
            await runTool(root, arguments: ["journal", "tidy"], environment: [:])
        }
    }
}
