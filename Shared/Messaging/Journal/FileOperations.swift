// The system calls under a journal. Those that write are values, so that a test can make them fail or count
// them.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a journal writes. Each call is one system call; a failure is minus `errno`.
package struct FileOperations: Sendable {
    /// Writes at an offset; returns how many bytes, perhaps fewer than asked for.
    package var write: @Sendable (_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int
    /// Returns when what was written to the file is on the disk.
    package var sync: @Sendable (_ descriptor: Int32) -> Int32
    /// Cuts the file to a length.
    package var truncate: @Sendable (_ descriptor: Int32, _ length: Int) -> Int32

    package init(
        write: @escaping @Sendable (Int32, UnsafeRawBufferPointer, Int) -> Int,
        sync: @escaping @Sendable (Int32) -> Int32,
        truncate: @escaping @Sendable (Int32, Int) -> Int32
    ) {
        self.write = write
        self.sync = sync
        self.truncate = truncate
    }

    /// The system's own.
    package static let system = FileOperations(
        write: { descriptor, bytes, offset in
            let written = pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(offset))
            return written < 0 ? -Int(errno) : written
        },
        sync: { descriptor in
            #if canImport(Darwin)
                return fcntl(descriptor, F_FULLFSYNC) == 0 ? 0 : -errno
            #else
                return fdatasync(descriptor) == 0 ? 0 : -errno
            #endif
        },
        truncate: { descriptor, length in ftruncate(descriptor, off_t(length)) == 0 ? 0 : -errno })

    /// Writes all of it, going on after signals and short writes. Returns 0 or minus `errno`.
    func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        var done = 0
        while done < bytes.count {
            let written = write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]), offset + done)
            if written == -Int(EINTR) { continue }
            // A write that neither advances nor fails would loop for ever; the disk is as good as full.
            if written == 0 { return -Int(ENOSPC) }
            if written < 0 { return written }
            done += written
        }
        return 0
    }

    /// `sync`, again after a signal.
    func syncAll(_ descriptor: Int32) -> Int32 {
        while true {
            let result = sync(descriptor)
            if result != -EINTR { return result }
        }
    }
}

/// The calls that only read or name files; they need no stand-in.
enum Disk {
    /// Opens a file that is closed in child processes, so that a lock or a segment never outlives its owner
    /// there.
    static func open(_ path: String, _ flags: Int32) throws(JournalError) -> Int32 {
        while true {
            #if canImport(Glibc)
                let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o644)
            #elseif canImport(Musl)
                let descriptor = Musl.open(path, flags | O_CLOEXEC, 0o644)
            #else
                let descriptor = Darwin.open(path, flags | O_CLOEXEC, 0o644)
            #endif
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw .system(errno, "open", path) }
        }
    }

    /// Reads at an offset; 0 at the end of the file.
    static func read(
        _ descriptor: Int32, into memory: UnsafeMutableRawBufferPointer, at offset: Int, path: String
    ) throws(JournalError) -> Int {
        while true {
            let count = pread(descriptor, memory.baseAddress, memory.count, off_t(offset))
            if count >= 0 { return count }
            if errno != EINTR { throw .system(errno, "read", path) }
        }
    }

    static func size(_ descriptor: Int32, path: String) throws(JournalError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(errno, "read", path) }
        return Int(status.st_size)
    }

    /// Makes a folder and those above it that are missing.
    static func makeFolder(_ path: String) throws(JournalError) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        let parent = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        guard errno == ENOENT, !parent.isEmpty else { throw .system(errno, "make the folder", path) }
        try makeFolder(String(parent))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw .system(errno, "make the folder", path)
        }
    }

    /// Removes a file; one that is not there is fine.
    static func remove(_ path: String) throws(JournalError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .system(errno, "remove", path) }
    }

    /// The names in a folder, in no order; nil when there is no such folder.
    static func names(in path: String) throws(JournalError) -> [String]? {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return nil }
            throw .system(errno, "list", path)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            // By pointer: an entry is as long as its name, so copying the whole struct could read past it.
            guard let name = entry.pointer(to: \.d_name) else { continue }
            names.append(String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self)))
        }
        return names
    }
}
