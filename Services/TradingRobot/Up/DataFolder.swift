// The data folder of a run: one stack at a time, a fresh one on demand.

import Foundation
import ServiceKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Holds the folder's lock as long as it lives. The kernel lets go of it when the process ends, however it
/// ends.
struct DataFolder: ~Copyable {
    let path: String
    private let lock: Int32

    /// Makes the folder if there is none and locks it.
    ///
    /// - Throws: `Failure` when it cannot be written or another stack runs in it.
    init(_ path: String, fresh: Bool) throws(Failure) {
        if fresh { try Self.moveAside(path) }
        lock = try Self.locked(path)
        self.path = path
    }

    private static func locked(_ path: String) throws(Failure) -> Int32 {
        for folder in ["", "/market-data", "/orders", "/snapshots", "/logs", "/rejected"] {
            let problem = makeFolder(path + folder)
            guard problem == 0 else {
                throw Failure(
                    "data_folder",
                    "the data folder \(path) cannot be made: \(String(cString: strerror(problem))). "
                        + "Choose another with --data-dir.")
            }
        }
        let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else {
            throw Failure(
                "data_folder",
                "the data folder \(path) cannot be written: \(String(cString: strerror(errno))). "
                    + "Choose another with --data-dir.")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw Failure(
                "data_folder_in_use",
                "another stack runs in \(path): stop it, or choose another folder with --data-dir")
        }
        return lock
    }

    deinit { close(lock) }

    /// Makes a folder and those above it; 0, or the system's error. (Foundation's error does not say what is
    /// wrong with the path.)
    private static func makeFolder(_ path: String) -> Int32 {
        if mkdir(path, 0o755) == 0 { return 0 }
        if errno == EEXIST { return isFolder(path) ? 0 : ENOTDIR }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            return errno
        }
        let problem = makeFolder(String(path[..<slash]))
        if problem != 0 { return problem }
        return mkdir(path, 0o755) == 0 || isFolder(path) ? 0 : errno
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Renames the folder, so that nothing is ever deleted.
    private static func moveAside(_ path: String) throws(Failure) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let stamp = UTCTime.text(microseconds: UTCTime.now()).filter { $0.isNumber }
        let aside = "\(path).\(stamp)"
        do {
            try FileManager.default.moveItem(atPath: path, toPath: aside)
        } catch {
            throw Failure("data_folder", "\(path) cannot be moved to \(aside): \(error.localizedDescription)")
        }
        writeToStandardError("The old data folder is now \(aside).\n")
    }
}
