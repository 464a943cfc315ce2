// What plugins in processes of their own are started with: `plugin-host`, a Python interpreter and the
// package `tradingrobotplug`, each found once, and what the plugin may read.
//
// A plugin gets an environment of its own, so that no password of the platform's is in it, with one hash
// seed, one time zone and one thread for linear algebra: the same input makes the same decisions.

import Contracts
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program to be run in the sandbox.
package struct PluginProgram: Sendable {
    /// The file that is the plugin.
    var file: String
    var kind: PluginKind
    /// The program and its arguments; for a native plugin the library.
    var words: [String]
    /// What it may read besides the system.
    var readable: [String]
}

package final class PluginRuntime: Sendable {
    package static let shared = PluginRuntime()

    /// Where the platform's executables are.
    private let folder: String
    private let python = Mutex<Result<Interpreter, PluginError>?>(nil)

    /// A Python interpreter and what it may read.
    struct Interpreter: Sendable {
        var executable: String
        var readable: [String]
    }

    package init(folder: String = PluginFolders.executableFolder ?? ".") { self.folder = folder }

    /// What runs the plugin in this file.
    func program(for path: String) throws(PluginError) -> PluginProgram {
        let parent = Self.folder(of: path)
        if path.hasSuffix(".py") {
            let interpreter = try interpreter()
            let package = try packageFolder()
            return PluginProgram(
                file: path, kind: .python,
                words: [interpreter.executable, "-u", "-m", "tradingrobotplug", path],
                readable: interpreter.readable + [package, parent])
        }
        if path.hasSuffix("/plugin.json") { return try manifest(path, parent) }
        return PluginProgram(file: path, kind: .native, words: [path], readable: [parent])
    }

    /// The program that a `plugin.json` names: `{"command":["./crossover","--quiet"]}`, relative to its
    /// folder.
    private func manifest(_ path: String, _ parent: String) throws(PluginError) -> PluginProgram {
        func refused(_ why: String) -> PluginError {
            PluginError(code: .invalidMetadata, sentence: "\(path): \(why)")
        }
        guard let text = Self.read(path, limit: JSONReader.maximumMessageBytes) else {
            throw refused("it cannot be read")
        }
        var words: [String] = []
        do throws(JSONError) {
            guard let command = try JSONValue(parsing: text)["command"]?.asArray else {
                throw JSONError(.missingField, at: 0, field: "command")
            }
            words = command.compactMap(\.asString)
            guard words.count == command.count, !words.isEmpty else {
                throw JSONError(.wrongType, at: 0, field: "command")
            }
        } catch {
            throw refused("\(error); it holds {\"command\":[\"./program\",\"argument\"…]}")
        }
        var file = path
        for (index, word) in words.enumerated() where !word.hasPrefix("/") {
            let local = parent + "/" + (word.hasPrefix("./") ? String(word.dropFirst(2)) : word)
            guard access(local, F_OK) == 0 else { continue }
            words[index] = local
            if file == path { file = local }
        }
        if !words[0].contains("/") {
            guard let found = Self.find(words[0]) else { throw refused("there is no program \(words[0])") }
            words[0] = found
        }
        guard access(words[0], X_OK) == 0 else { throw refused("\(words[0]) cannot be executed") }
        return PluginProgram(
            file: file, kind: .executable, words: words,
            readable: [parent, Self.folder(of: Self.resolved(words[0]))])
    }

    /// The program inside `plugin-host`, which sets the limits first.
    func sandboxed(_ program: PluginProgram, limits: ProcessLimits) throws(PluginError) -> ChildCommand {
        let host = folder + "/plugin-host"
        guard access(host, X_OK) == 0 else {
            throw PluginError(
                code: .cannotStart, sentence: "there is no plugin-host in \(folder): run `make build`")
        }
        var arguments = [
            "--parent", "\(getpid())", "--memory", "\(limits.memory)", "--processor",
            "\(limits.processorSeconds)", "--files", "\(limits.files)",
        ]
        for path in program.readable + Self.runtimeFolders + [folder] { arguments += ["--read", path] }
        arguments += [program.kind == .native ? "--library" : "--"] + program.words
        var environment = [
            "LANG=C.UTF-8", "TZ=UTC", "PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1",
            "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "NUMEXPR_NUM_THREADS=1",
        ]
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
        }
        if program.kind == .python, let package = try? packageFolder() {
            environment.append("PYTHONPATH=\(package)")
        }
        return ChildCommand(executable: host, arguments: arguments, environment: environment)
    }

    // MARK: Python

    /// `python3` of the search path, asked once where it reads from.
    private func interpreter() throws(PluginError) -> Interpreter {
        let found = python.withLock { known in
            let found = known ?? Self.askInterpreter()
            known = found
            return found
        }
        return try found.get()
    }

    private static func askInterpreter() -> Result<Interpreter, PluginError> {
        let question = """
            import sys, os
            assert sys.version_info >= (3, 9), "Python 3.9 or newer is needed, this is " + sys.version
            places = [sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.path.realpath(
                sys.executable))] + [path for path in sys.path if path and os.path.isabs(path)]
            print("\\t".join([sys.executable] + sorted(set(places))), flush=True)
            """
        let name = getenv("TRADING_ROBOT_PYTHON").map { String(cString: $0) } ?? "python3"
        let lacking = { (why: String) in
            PluginError(
                code: .cannotStart,
                sentence: "Python plugins need Python 3.9 or newer as \(name) (TRADING_ROBOT_PYTHON names "
                    + "another): \(why)")
        }
        guard let path = name.contains("/") ? name : find(name) else {
            return .failure(lacking("there is none in the search path"))
        }
        var environment: [String] = []
        for variable in ["PATH", "HOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYENV_ROOT", "PYENV_VERSION"] {
            if let value = getenv(variable) { environment.append("\(variable)=\(String(cString: value))") }
        }
        let command = ChildCommand(executable: path, arguments: ["-c", question], environment: environment)
        switch PluginChannel.start(command) {
        case .failure(let error): return .failure(lacking("\(error)"))
        case .success(let channel):
            defer { channel.end() }
            var conversation = Conversation(channel)
            guard let line = conversation.firstLine(milliseconds: 30_000) else {
                return .failure(lacking("\(channel.ending ?? "no answer")\(conversation.printedText)"))
            }
            let words = String(decoding: line, as: UTF8.self).split(separator: "\t").map(String.init)
            guard words.count > 1 else { return .failure(lacking("it did not say where it is")) }
            // The root as a place to read from would be everything.
            return .success(
                Interpreter(executable: words[0], readable: words.dropFirst().filter { $0 != "/" }))
        }
    }

    /// The folder that holds the package `tradingrobotplug`: beside the executables or, in a checkout, above.
    private func packageFolder() throws(PluginError) -> String {
        if let given = getenv("TRADING_ROBOT_PYTHON_PACKAGE") { return String(cString: given) }
        var places = [folder + "/../share/trading-robot/python", folder + "/python"]
        var above = folder
        while let slash = above.lastIndex(of: "/"), slash != above.startIndex {
            above = String(above[..<slash])
            places.append(above + "/Shared/Python")
        }
        for place in places where access(place + "/tradingrobotplug/__init__.py", R_OK) == 0 {
            return Self.resolved(place)
        }
        throw PluginError(
            code: .cannotStart,
            sentence:
                "the Python package tradingrobotplug was found neither in \(places[0]) nor above \(folder)"
                + "; TRADING_ROBOT_PYTHON_PACKAGE names its folder")
    }

    // MARK: Places

    /// Where the libraries of Swift's runtime lie, which a native plugin may need more of.
    private static var runtimeFolders: [String] {
        guard let maps = read("/proc/self/maps", limit: 1 << 20) else { return [] }
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n")
        where line.hasSuffix("/libswiftCore.so") {
            guard let slash = line.firstIndex(of: "/") else { continue }
            return [folder(of: String(line[slash...]))]
        }
        return []
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func find(_ name: String) -> String? {
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return folders.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The beginning of a file; nil when it cannot be read.
    private static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let count = bytes.withUnsafeMutableBytes { buffer in
                #if canImport(Darwin)
                    Darwin.read(descriptor, buffer.baseAddress! + filled, limit - filled)
                #else
                    Glibc.read(descriptor, buffer.baseAddress! + filled, limit - filled)
                #endif
            }
            guard count > 0 else { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }
}
