// What `doctor` looks at on the machine itself: programs, limits, space, ports. Looks only; changes nothing.

import ChildProcesses
import Foundation
import ServiceKit
import StrategyHost

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

enum DoctorMachine {
    /// Less room than this in the data folder is wrong: a journal that cannot be written stops the stack.
    static let leastFreeBytes: UInt64 = 1 << 30
    /// Journals, plugins and connections together.
    static let leastOpenFiles: rlim_t = 1_024

    static func executables() -> Finding {
        let folder = PluginFolders.executableFolder ?? "."
        let names = [
            "market-data-gateway", "order-simulator", "performance-tracker", "strategy-runner", "plugin-host",
        ]
        let missing = names.filter { access(folder + "/" + $0, X_OK) != 0 }
        return missing.isEmpty
            ? Finding(.good, "all services are in \(folder)")
            : Finding(.wrong, "\(missing.listed("and")) not found in \(folder): run `make build`")
    }

    static func openFiles() -> Finding {
        var limit = rlimit()
        #if canImport(Glibc)
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        return limit.rlim_cur >= leastOpenFiles
            ? Finding(.good, "\(limit.rlim_cur) files may be open")
            : Finding(.wrong, "only \(limit.rlim_cur) files may be open: run `ulimit -n 4096`")
    }

    /// Room where the data folder is, or will be.
    static func room(for folder: String) -> Finding {
        var place = URL(fileURLWithPath: folder).standardizedFileURL.path
        while access(place, F_OK) != 0, let slash = place.lastIndex(of: "/"), slash > place.startIndex {
            place = String(place[..<slash])
        }
        var status = statvfs()
        guard statvfs(place, &status) == 0 else {
            return Finding(.note, "the free space of \(place) cannot be told")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let text = "\(free >> 20) MiB are free for \(folder)"
        return free >= leastFreeBytes
            ? Finding(.good, text)
            : Finding(.wrong, text + ": make room, or choose another folder with --data-dir")
    }

    /// Python is for strategies in Python only.
    static func python() -> Finding {
        let found = output(of: "/usr/bin/env", "python3", "--version") ?? ""
        let version = found.split(separator: " ").last.map(String.init) ?? ""
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        if numbers.count >= 2, (numbers[0], numbers[1]) >= (3, 9) {
            return Finding(.good, "Python \(version) runs strategies in Python")
        }
        let what = numbers.isEmpty ? "there is no python3" : "python3 is \(version)"
        return Finding(
            .note,
            "\(what); strategies in Python need 3.9 or newer: `apt-get install python3`, all others do not")
    }

    /// What an isolated plugin's process is held to, as `plugin-host` finds it.
    static func sandbox() -> [Finding] {
        let host = (PluginFolders.executableFolder ?? ".") + "/plugin-host"
        guard let text = output(of: host, "--probe") else {
            return [Finding(.wrong, "plugin-host cannot be started: run `make build`")]
        }
        return text.split(separator: "\n").map { line in
            let isEnforced = line.hasPrefix("ok ")
            let what = line.drop { $0 != " " }.dropFirst()
            return isEnforced
                ? Finding(.good, "plugins are isolated by the kernel: \(what)")
                : Finding(.note, "plugins are not isolated by this kernel: \(what)")
        }
    }

    /// Whether `up` without `--base-port` finds its ports free. Only of interest while no stack runs.
    static func ports() -> Finding {
        let standard = Endpoints()
        let endpoints = [
            standard.marketData, standard.marketDataReplay, standard.orderEntry, standard.trades,
            standard.tradeReplay, standard.performance, standard.ingest, standard.gatewayHealth,
            standard.simulatorHealth, standard.trackerHealth,
        ]
        let taken = endpoints.compactMap { UInt16($0.split(separator: ":").last ?? "") }.filter {
            isTaken($0)
        }
        guard let first = taken.first else { return Finding(.good, "the ports of `up` are free") }
        let list = taken.map { "\($0)" }.listed("and")
        return Finding(
            .note,
            "port\(taken.count == 1 ? "" : "s") \(list) in use by another program: find it with `ss -ltnp "
                + "'sport = :\(first)'`, or use `trading-robot up --base-port 0`")
    }

    private static func isTaken(_ port: UInt16) -> Bool {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // What a stopped stack leaves in TIME_WAIT keeps nobody out.
        var reuse: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) != 0 }
        }
    }

    /// What a program prints; nil when it cannot be started or fails.
    private static func output(of program: String, _ arguments: String...) -> String? {
        let command = ChildProgram(program, arguments, output: .nothing, errors: .nothing)
        guard let (end, output) = try? command.run(), end == .exited(0) else { return nil }
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
