// Errors for people: sentences, all at once, and an exit code that scripts can rely on.

/// The exit codes of every program here.
package enum ExitCode: Int32, Sendable {
    case done = 0
    /// It failed, or a check found a difference.
    case failed = 1
    /// A flag, key, value or operand that is not allowed.
    case wrongUse = 2
    /// Ctrl-C.
    case interrupted = 130
}

/// The program was called wrongly: one sentence for each mistake found. Ends with exit code 2.
package struct WrongUse: Error, Equatable, CustomStringConvertible {
    package let sentences: [String]
    package init(_ sentence: String) { sentences = [sentence] }
    package init(_ sentences: [String]) { self.sentences = sentences }
    package var description: String { sentences.joined(separator: "\n") }
}

/// Something failed in a way that a person can mend: one sentence, exit code 1.
package struct Failure: Error, Equatable, CustomStringConvertible {
    package let code: String
    package let description: String

    /// - Parameters:
    ///   - code: stable, for programs: `port_taken`.
    ///   - sentence: what is wrong, where, and what to do.
    package init(_ code: String, _ sentence: String) {
        self.code = code
        description = sentence
    }
}
