// A scanner that knows just enough Swift to blank out comments and strings, interpolations included, and
// then to count the lines between the braces of a function.

/// One function that was found.
struct FunctionExtent: Equatable {
    var name: String
    var line: Int
    /// From the line of its name to the line of its closing brace.
    var length: Int
}

enum CodeScan {
    private enum Mode {
        case code
        case interpolation(parentheses: Int)
        case string(quotes: Int, hashes: Int)
        case comment(depth: Int)
        case lineComment
    }

    /// The text with comments and strings as spaces; line breaks stay where they are.
    static func withoutTextAndComments(_ text: String) -> String {
        var scan = Blanking(bytes: Array(text.utf8))
        return scan.run()
    }

    private struct Blanking {
        let bytes: [UInt8]
        var output: [UInt8] = []
        var position = 0
        var modes: [Mode] = [.code]

        init(bytes: [UInt8]) {
            self.bytes = bytes
            output.reserveCapacity(bytes.count)
        }

        mutating func run() -> String {
            while position < bytes.count {
                switch modes[modes.count - 1] {
                case .code, .interpolation: code()
                case .string(let quotes, let hashes): string(quotes, hashes)
                case .comment(let depth): comment(depth)
                case .lineComment:
                    if bytes[position] == newline { modes.removeLast() }
                    blank(1)
                }
            }
            return String(decoding: output, as: UTF8.self)
        }

        private let newline = UInt8(ascii: "\n")

        private func has(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard position + count <= bytes.count else { return false }
            return (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
        }

        private mutating func blank(_ count: Int) {
            for _ in 0..<min(count, bytes.count - position) {
                output.append(bytes[position] == newline ? newline : UInt8(ascii: " "))
                position += 1
            }
        }

        private mutating func code() {
            if has("//") { return modes.append(.lineComment) }
            if has("/*") {
                blank(2)
                return modes.append(.comment(depth: 1))
            }
            var hashes = 0
            while position + hashes < bytes.count, bytes[position + hashes] == UInt8(ascii: "#") {
                hashes += 1
            }
            let start = position + hashes
            if start < bytes.count, bytes[start] == UInt8(ascii: "\"") {
                blank(hashes)
                let quotes = has("\"\"\"") ? 3 : 1
                blank(quotes)
                return modes.append(.string(quotes: quotes, hashes: hashes))
            }
            let byte = bytes[position]
            if case .interpolation(let parentheses) = modes[modes.count - 1] {
                if byte == UInt8(ascii: "(") {
                    modes[modes.count - 1] = .interpolation(parentheses: parentheses + 1)
                }
                if byte == UInt8(ascii: ")") {
                    modes[modes.count - 1] = .interpolation(parentheses: parentheses - 1)
                    if parentheses == 1 { modes.removeLast() }
                }
                return blank(1)
            }
            output.append(byte)
            position += 1
        }

        private mutating func string(_ quotes: Int, _ hashes: Int) {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\\"), followed(by: hashes, UInt8(ascii: "#"), from: 1) {
                let next = position + 1 + hashes
                if next < bytes.count, bytes[next] == UInt8(ascii: "(") {
                    blank(hashes + 2)
                    return modes.append(.interpolation(parentheses: 1))
                }
                return blank(hashes + 2)
            }
            if followed(by: quotes, UInt8(ascii: "\""), from: 0),
                followed(by: hashes, UInt8(ascii: "#"), from: quotes)
            {
                modes.removeLast()
                return blank(quotes + hashes)
            }
            // A string on one line ends with it at the latest: the rest is not swallowed.
            if byte == newline, quotes == 1 { modes.removeLast() }
            blank(1)
        }

        private func followed(by count: Int, _ byte: UInt8, from offset: Int) -> Bool {
            let start = position + offset
            guard start + count <= bytes.count else { return false }
            return bytes[start..<start + count].allSatisfy { $0 == byte }
        }

        private mutating func comment(_ depth: Int) {
            if has("/*") {
                modes[modes.count - 1] = .comment(depth: depth + 1)
                blank(2)
            } else if has("*/") {
                if depth == 1 {
                    modes.removeLast()
                } else {
                    modes[modes.count - 1] = .comment(depth: depth - 1)
                }
                blank(2)
            } else {
                blank(1)
            }
        }
    }
}

extension CodeScan {
    /// Every function with a body: `func`, `init`, `deinit`, `subscript`.
    static func functions(_ text: String) -> [FunctionExtent] {
        var counter = FunctionCounter()
        for (index, line) in withoutTextAndComments(text)
            .split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        {
            counter.take(line, number: index + 1)
        }
        return counter.found.sorted { $0.line < $1.line }
    }

    private struct FunctionCounter {
        var found: [FunctionExtent] = []
        private var pending: (name: String, line: Int)?
        private var open: [(name: String, line: Int, depth: Int)] = []
        private var depth = 0
        private var parentheses = 0
        private var word = ""
        private var before = ""

        mutating func take(_ line: Substring, number: Int) {
            for character in line {
                if character.isLetter || character.isNumber || character == "_" {
                    word.append(character)
                } else {
                    endWord(number, followedBy: character)
                    symbol(character, number)
                }
            }
            endWord(number, followedBy: "\n")
        }

        private mutating func endWord(_ number: Int, followedBy next: Character) {
            guard !word.isEmpty else { return }
            defer {
                before = word
                word = ""
            }
            guard parentheses == 0 else { return }
            if before == "func" {
                pending = (word, number)
            } else if ["init", "deinit", "subscript"].contains(word), before != ".", "(?!<{ ".contains(next) {
                pending = (word, number)
            } else if ["var", "let", "case", "struct", "class", "enum", "extension"].contains(word) {
                // A requirement without a body was before.
                pending = nil
            }
        }

        private mutating func symbol(_ character: Character, _ number: Int) {
            switch character {
            case "(", "[": parentheses += 1
            case ")", "]": parentheses -= 1
            case "{":
                depth += 1
                if let function = pending, parentheses == 0 {
                    open.append((function.name, function.line, depth))
                    pending = nil
                }
            case "}":
                if let function = open.last, function.depth == depth {
                    open.removeLast()
                    found.append(
                        FunctionExtent(
                            name: function.name, line: function.line, length: number - function.line + 1))
                }
                depth -= 1
            default: break
            }
            if !character.isWhitespace { before = String(character) }
        }
    }
}
