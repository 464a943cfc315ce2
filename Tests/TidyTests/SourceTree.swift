// The files of the project as the tidy checks see them: text read once, paths relative to the root.

import Foundation

/// One source file.
struct SourceFile {
    /// Relative to the root: `Shared/Contracts/Numbers/Amounts.swift`.
    var path: String
    var text: String

    var name: String { String(path.split(separator: "/").last ?? "") }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// The project's tree.
struct SourceTree {
    var files: [SourceFile]
    /// Texts that may name files: Makefile, Package.swift, scripts, documentation.
    var references: [SourceFile]

    private static let folders = ["Shared", "Services", "Tests"]
    private static let skipped: Set = [".build", ".venv", "__pycache__", ".swiftpm"]
    private static let referencing = [
        "Makefile", "Package.swift", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ".ci/run",
        "docker-compose.yml",
    ]

    /// The root of the checkout that this file was compiled from, links resolved.
    static var root: URL {
        var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url
    }

    /// Reads the tree, sorted by path.
    static func read() throws -> SourceTree {
        var files: [SourceFile] = []
        for folder in folders { try collect(folder, into: &files) }
        var references = files.filter { $0.path.hasPrefix("Tests/Scripts/") }
        try collect("deploy", into: &references)
        for path in referencing {
            if let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) {
                references.append(SourceFile(path: path, text: text))
            }
        }
        return SourceTree(files: files.sorted { $0.path < $1.path }, references: references)
    }

    private static func collect(_ folder: String, into files: inout [SourceFile]) throws {
        let url = root.appendingPathComponent(folder)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: url.path))?.sorted() ?? [] {
            guard !skipped.contains(name) else { continue }
            let path = folder + "/" + name
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(
                atPath: root.appendingPathComponent(path).path, isDirectory: &isFolder)
            if isFolder.boolValue {
                try collect(path, into: &files)
            } else {
                // A file that is not text, such as recorded data, has no lines to check but must be in use.
                let data = try Data(contentsOf: root.appendingPathComponent(path))
                files.append(SourceFile(path: path, text: String(data: data, encoding: .utf8) ?? ""))
            }
        }
    }
}
