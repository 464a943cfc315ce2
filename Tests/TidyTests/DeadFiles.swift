// No dead files: a source belongs to a target of Package.swift, anything else is named somewhere.

enum DeadFiles {
    private static let compiled: Set = ["swift", "c", "h", "modulemap"]

    /// The paths of files that nothing uses.
    static func find(_ tree: SourceTree) -> [String] {
        let package = tree.references.first { $0.path == "Package.swift" }?.text ?? ""
        let code = tree.files.filter { $0.isSwift || $0.path.hasSuffix(".py") }
        return tree.files.filter { file in
            let ending = String(file.name.split(separator: ".").last ?? "")
            if compiled.contains(ending), isInTarget(file.path, package) { return false }
            return !isNamed(file, in: tree.references + code)
        }.map(\.path)
    }

    /// Whether the folder of the file, or one above it, is the folder of a target.
    private static func isInTarget(_ path: String, _ package: String) -> Bool {
        let folders = path.split(separator: "/").dropLast()
        return folders.indices.dropFirst().contains { index in
            let joined = folders[...index].joined(separator: "/")
            return package.contains("\"\(folders[index])\"") || package.contains("\"\(joined)\"")
        }
    }

    /// Python packages, schemas and test discovery use whole folders; a Python module is imported by its
    /// name; everything else is named by its file name.
    private static func isNamed(_ file: SourceFile, in texts: [SourceFile]) -> Bool {
        let wholeFolders = ["Shared/Python/", "Shared/Contracts/Schemas/"]
        if wholeFolders.contains(where: file.path.hasPrefix) || file.name.hasPrefix("test_") { return true }
        let module = file.name.hasSuffix(".py") ? String(file.name.dropLast(3)) : nil
        return texts.contains { text in
            guard text.path != file.path else { return false }
            if let module, text.text.contains("import \(module)") || text.text.contains("from \(module) ") {
                return true
            }
            return text.text.contains(file.name)
        }
    }
}
