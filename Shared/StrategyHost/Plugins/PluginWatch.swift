// Notices that a file of the plugin folders was added, changed or removed, without being told by the system:
// by inode, size and modification time of every file, looked at now and then.
//
// A change counts when two looks in a row saw the same, so that a file that is still being copied is not
// loaded. Costs: one `stat` a file and look. Limits: those of `PluginFolders`; of the folders inside, those
// with a `plugin.json` or a Python package.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

package struct PluginWatch {
    private struct Mark: Equatable {
        var inode: UInt64
        var size: Int64
        var seconds: Int64
        var nanoseconds: Int64
    }

    private let folders: [String]
    /// What the last answer was about.
    private var known: [String: Mark]
    /// What the last look saw.
    private var seen: [String: Mark]

    /// Begins with the files as they are.
    package init(_ folders: [String]) {
        self.folders = folders
        known = Self.look(folders)
        seen = known
    }

    /// The files that are new, changed or gone since the last answer, in byte order.
    package mutating func changes() -> [String] {
        let now = Self.look(folders)
        defer { seen = now }
        guard now == seen, now != known else { return [] }
        let paths = Set(now.keys).union(known.keys).filter { now[$0] != known[$0] }
        known = now
        return paths.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    private static func look(_ folders: [String]) -> [String: Mark] {
        var marks: [String: Mark] = [:]
        for folder in folders { look(into: folder, depth: 0, &marks) }
        return marks
    }

    private static func look(into folder: String, depth: Int, _ marks: inout [String: Mark]) {
        guard let handle = opendir(folder) else { return }
        defer { closedir(handle) }
        var left = PluginFolders.maximumFiles
        while left > 0, let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix("."), name != "__pycache__" else { continue }
            left -= 1
            let path = "\(folder)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            guard status.st_mode & S_IFMT != S_IFDIR else {
                // Other folders, of data perhaps, are nobody's plugin.
                if depth == 0,
                    ["plugin.json", "__init__.py"].contains(where: { access("\(path)/\($0)", F_OK) == 0 })
                {
                    look(into: path, depth: 1, &marks)
                }
                continue
            }
            #if canImport(Darwin)
                let time = status.st_mtimespec
            #else
                let time = status.st_mtim
            #endif
            marks[path] = Mark(
                inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: Int64(time.tv_sec),
                nanoseconds: Int64(time.tv_nsec))
        }
    }
}
