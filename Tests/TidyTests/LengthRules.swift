// A file and a function fit a head: files up to 500 lines, functions up to 60, lines up to 110 columns.

enum LengthRules {
    static let maximumFileLines = 500
    static let maximumFunctionLines = 60
    static let maximumColumns = 110
    static let pythonColumns = 125
    private static let sources: Set = ["swift", "py", "sh", "c", "h", "yml", "yaml"]

    static func violations(_ files: [SourceFile]) -> [String] {
        files.filter { sources.contains(String($0.path.split(separator: ".").last ?? "")) }.flatMap(
            violations)
    }

    static func violations(_ file: SourceFile) -> [String] {
        var found: [String] = []
        let lines = file.text.hasSuffix("\n") ? file.lines.dropLast() : file.lines[...]
        if lines.count > maximumFileLines {
            found.append("\(file.path) has \(lines.count) lines; at most \(maximumFileLines)")
        }
        let columns = file.path.hasSuffix(".py") ? pythonColumns : maximumColumns
        for (index, line) in lines.enumerated() where line.utf8.count > columns && line.count > columns {
            found.append("\(file.path):\(index + 1) has \(line.count) columns; at most \(columns)")
        }
        guard file.isSwift else { return found }
        for function in CodeScan.functions(file.text) where function.length > maximumFunctionLines {
            let place = "\(file.path):\(function.line) \(function.name)"
            found.append("\(place) has \(function.length) lines; at most \(maximumFunctionLines)")
        }
        return found
    }
}
