// Finding plugins: shared libraries named lib*.so, Python files, and folders with a `plugin.json`, in a list
// of folders, then in the folder of the running executable, where the platform's own plugins lie.
//
// In the folder of the executable only libraries with the entry symbol are plugins, and no others are loaded.
// In a folder that the user names every lib*.so is listed, with the reason when it cannot be used.
// Order: folders as given, then file names in byte order; the first plugin of an id is the one that counts.

import CStrategyABI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that was found, and the plugin in it or the reason why there is none.
package struct PluginListing: Sendable {
    package var path: String
    package var outcome: Result<any StrategyPlugin, PluginError>
}

package struct PluginFolders: Sendable {
    /// Libraries looked at in one folder, at most; the rest is left out.
    package static let maximumFiles = 1_024
    #if canImport(Darwin)
        package static let suffix = ".dylib"
    #else
        package static let suffix = ".so"
    #endif

    package let folders: [String]
    /// The folder of the running executable; nil when it is not known or not wanted.
    package let ownFolder: String?
    /// Where native plugins run.
    package var isolation = PluginIsolation.auto
    /// What a plugin in a process of its own may use.
    package var limits = ProcessLimits()

    /// - Parameter ownFolder: where the platform's own plugins lie.
    package init(_ folders: [String], ownFolder: String? = Self.executableFolder) {
        self.folders = folders
        self.ownFolder = ownFolder
    }

    /// The plugin in this file, of whatever kind.
    package func load(_ path: String) throws(PluginError) -> any StrategyPlugin {
        let isNative = path.hasSuffix(Self.suffix)
        let isOwn = ownFolder.map { path.hasPrefix($0 + "/") } ?? false
        if isNative, isolation == .none || (isolation == .auto && isOwn) {
            return try NativePlugin(path: path)
        }
        return try ProcessPlugin(path: path, limits: limits)
    }

    /// Every plugin that can be found, loaded, and every file that cannot be, with the reason.
    package func list() -> [PluginListing] {
        files().map { path in
            do throws(PluginError) {
                return PluginListing(path: path, outcome: .success(try load(path)))
            } catch {
                return PluginListing(path: path, outcome: .failure(error))
            }
        }
    }

    /// The plugin with this id. Looks into the file of that name first, so that nothing else need be loaded.
    package func plugin(id: String) throws(PluginError) -> any StrategyPlugin {
        let files = files()
        let wanted = ["/lib\(id)\(Self.suffix)", "/\(id).py", "/\(id)/plugin.json"]
        var failed: [PluginError] = []
        for path in files where wanted.contains(where: path.hasSuffix) {
            do throws(PluginError) {
                let plugin = try load(path)
                if plugin.metadata.id == id { return plugin }
            } catch {
                failed.append(error)
            }
        }
        // A file that bears the name and cannot be used is what the user wants to hear about.
        if let first = failed.first { throw first }
        var known: [String] = []
        for listing in list() {
            guard case .success(let plugin) = listing.outcome else { continue }
            if plugin.metadata.id == id { return plugin }
            if !known.contains(plugin.metadata.id) { known.append(plugin.metadata.id) }
        }
        let hint = known.isEmpty ? "none was found" : "known are \(known.sorted().joined(separator: ", "))"
        let places = (folders + (ownFolder.map { [$0] } ?? [])).joined(separator: ", ")
        throw PluginError(
            code: .unknownPlugin, sentence: "there is no plugin \"\(id)\" in \(places): \(hint)")
    }

    private func files() -> [String] {
        var found: [String] = []
        for folder in folders { found += Self.plugins(in: folder) }
        if let ownFolder, !folders.contains(ownFolder) {
            found += Self.libraries(in: ownFolder).filter(Self.namesEntrySymbol)
        }
        return found
    }

    /// Libraries, Python files that are not tests, and folders that hold a `plugin.json`.
    private static func plugins(in folder: String) -> [String] {
        names(in: folder) { name in
            (name.hasPrefix("lib") && name.hasSuffix(suffix))
                || (name.hasSuffix(".py") && !name.hasPrefix("_") && !name.hasPrefix("test_"))
                || access("\(folder)/\(name)/plugin.json", R_OK) == 0
        }.map { path in
            access(path + "/plugin.json", R_OK) == 0 ? path + "/plugin.json" : path
        }
    }

    private static func libraries(in folder: String) -> [String] {
        names(in: folder) { $0.hasPrefix("lib") && $0.hasSuffix(suffix) }
    }

    private static func names(in folder: String, where isWanted: (String) -> Bool) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle), names.count < maximumFiles {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if isWanted(name) { names.append(name) }
        }
        names.sort { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        return names.map { folder.hasSuffix("/") ? folder + $0 : "\(folder)/\($0)" }
    }

    /// Whether the bytes of the file hold the name of the entry symbol. Cheaper and safer than loading it.
    private static func namesEntrySymbol(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0,
            let bytes = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0),
            bytes != MAP_FAILED
        else { return false }
        defer { munmap(bytes, Int(status.st_size)) }
        let image = UnsafeRawBufferPointer(start: bytes, count: Int(status.st_size))
        return contains(image, Array(TR_STRATEGY_ENTRY_SYMBOL.utf8))
    }

    private static func contains(_ image: UnsafeRawBufferPointer, _ wanted: [UInt8]) -> Bool {
        guard var next = image.baseAddress else { return false }
        let end = next + image.count
        while let hit = memchr(next, Int32(wanted[0]), end - next) {
            guard end - UnsafeRawPointer(hit) >= wanted.count else { return false }
            if memcmp(hit, wanted, wanted.count) == 0 { return true }
            next = UnsafeRawPointer(hit) + 1
        }
        return false
    }

    /// The folder of the running executable.
    package static var executableFolder: String? {
        #if canImport(Darwin)
            let link = CommandLine.arguments[0]
        #else
            let link = "/proc/self/exe"
        #endif
        guard let resolved = realpath(link, nil) else { return nil }
        defer { free(resolved) }
        let path = String(cString: resolved)
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return String(path[..<slash])
    }
}
