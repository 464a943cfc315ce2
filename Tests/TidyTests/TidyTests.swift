import ChildProcesses
import Foundation
import Testing

@Suite struct TidyTests {
    @Test("every module imports only what lies below it")
    func imports() throws {
        let violations = ImportRules.violations(try SourceTree.read().files)
        report(violations.map(\.description))
    }

    @Test("files, functions and lines are short")
    func lengths() throws {
        let violations = LengthRules.violations(try SourceTree.read().files)
        report(violations)
    }

    @Test("every file is used")
    func deadFiles() throws {
        let dead = DeadFiles.find(try SourceTree.read())
        report(dead.map { "\($0) is used by nothing" })
    }

    @Test("nothing that is built or resolved is tracked")
    func tracked() throws {
        let git = ChildProgram(
            "/usr/bin/env",
            ["git", "-C", SourceTree.root.path, "ls-files", "--", ".build", "Package.resolved"],
            output: .nothing, errors: .nothing)
        let (end, output) = try git.run()
        let names = String(decoding: output, as: UTF8.self)
        guard end == .exited(0) else {
            print("SKIP git: this is not a git checkout, or git is not installed")
            return
        }
        #expect(names.isEmpty, "tracked: \(names)")
    }

    @Test("the tree that is checked is this one")
    func tree() throws {
        let tree = try SourceTree.read()
        #expect(tree.files.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
        #expect(tree.files.contains { $0.path == "Shared/Contracts/Numbers/Amounts.swift" })
        #expect(tree.references.contains { $0.path == "Package.swift" })
    }

    /// Fails with one offender a line, without the array around them.
    private func report(_ offenders: [String]) {
        guard !offenders.isEmpty else { return }
        Issue.record("\(offenders.count) found:\n\(offenders.joined(separator: "\n"))")
    }
}
