// The small process in which one plugin runs: it gives up what the plugin must not have, then becomes the
// plugin's program, or loads the plugin's library and speaks for it.
//
// Guarantees: not one byte of the plugin is executed before limits, files and calls are restricted. What this
// kernel cannot restrict is said on standard error and by `--probe`; nothing else is left out.

import CSandbox
import Contracts
import StrategyHost

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@main
enum PluginHost {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        if words == ["--probe"] { return probe() }
        guard let plan = Plan(words) else {
            say(
                """
                plugin-host [--parent PID] [--memory BYTES] [--processor SECONDS] [--files N] \
                [--read PATH]… (--library FILE | -- PROGRAM [ARGUMENT]…)
                The platform starts it; `plugin-host --probe` says what this kernel enforces.
                """)
            exit(2)
        }
        restrict(plan)
        if let library = plan.library {
            exit(NativeServer.run(library))
        }
        var program: [UnsafeMutablePointer<CChar>?] = plan.program.map { strdup($0) }
        program.append(nil)
        execv(plan.program[0], program)
        say("cannot execute \(plan.program[0]): \(String(cString: strerror(errno)))")
        exit(126)
    }

    private static func restrict(_ plan: Plan) {
        sandbox_close_descriptors()
        if let parent = plan.parent { require(sandbox_follow(parent), "follow its parent") }
        require(sandbox_limits(plan.memory, plan.processor, plan.files), "limit its resources")
        require(sandbox_privileges(), "drop its privileges")
        var paths: [UnsafePointer<CChar>?] = plan.readable.map { UnsafePointer(strdup($0)) }
        require(sandbox_files(&paths, paths.count), "restrict its files")
        require(sandbox_calls(), "restrict its system calls")
    }

    /// A step that this kernel does not have is said; one that failed ends the process.
    private static func require(_ result: Int32, _ what: String) {
        switch result {
        case 0: return
        case SANDBOX_UNSUPPORTED: say("plugin-host: this kernel cannot \(what) (`trading-robot doctor`)")
        default:
            say("plugin-host cannot \(what): \(String(cString: strerror(result)))")
            exit(125)
        }
    }

    /// One line for each thing that is enforced or not: each is tried in a process that has given it up.
    private static func probe() {
        let landlock = sandbox_landlock_version()
        let files = landlock > 0 ? "Landlock \(landlock)" : "no Landlock in this kernel"
        let rows = [
            (SANDBOX_MEMORY, "memory", "limit"), (SANDBOX_PROCESSOR, "processor time", "limit"),
            (SANDBOX_DESCRIPTORS, "open files", "limit"), (SANDBOX_READING, "reading files", files),
            (SANDBOX_WRITING, "writing files", files), (SANDBOX_PROCESSES, "new processes", "seccomp"),
            (SANDBOX_NETWORK, "network", "seccomp"), (SANDBOX_SIGNALS, "signals to others", "seccomp"),
        ]
        for (what, name, how) in rows {
            let holds = sandbox_holds(what) == 1
            say(holds ? "ok \(name) (\(how))" : "no \(name) (\(how))", to: 1)
        }
    }

    static func say(_ text: String, to descriptor: Int32 = 2) {
        var line = text + "\n"
        line.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
    }
}

/// What the command line asks for.
private struct Plan {
    var parent: Int64?
    var memory: UInt64 = 1 << 30
    var processor: UInt64 = 86_400
    var files: UInt64 = 256
    var readable = [
        "/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives",
        "/etc/ssl/openssl.cnf", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
        "/sys/devices/system/node",
    ]
    var library: String?
    var program: [String] = []

    /// Nil when the words are not understood.
    init?(_ words: [String]) {
        var rest = words[...]
        parsing: while let word = rest.popFirst() {
            if word == "--" {
                program = Array(rest)
                break parsing
            }
            guard let value = rest.popFirst() else { return nil }
            switch word {
            case "--parent": parent = Int64(value)
            case "--memory": memory = UInt64(value) ?? memory
            case "--processor": processor = UInt64(value) ?? processor
            case "--files": files = UInt64(value) ?? files
            case "--read": readable.append(value)
            case "--library":
                library = value
                break parsing
            default: return nil
            }
        }
        if library == nil && program.isEmpty { return nil }
    }
}
