// Everything that can go wrong with a journal, as one struct: what, where (file and byte offset), and what to
// do.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a journal could not be opened, read or written. `description` is one sentence for a person.
package struct JournalError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Another writer holds the folder.
        case locked
        /// Bytes that were whole once are not any more, or a seq is missing.
        case damaged
        /// Written by a newer version of the program.
        case newerFormat
        /// The folder holds no journal.
        case notFound
        /// The seq asked for was deleted with its segment.
        case notKept
        /// The disk or a quota is full. The batch is kept and can be flushed again.
        case noSpace
        /// The disk did not confirm a write, so what it holds is unknown. Nothing more is written until a new
        /// start.
        case unsynced
        /// Another system call failed.
        case failed
    }

    package var code: Code
    /// The file, or the folder where no single file is meant.
    package var file: String
    /// The byte in `file` at which the damaged line begins.
    package var offset: Int?
    package var description: String

    static func damaged(_ file: String, at offset: Int, _ what: String) -> JournalError {
        JournalError(
            code: .damaged, file: file, offset: offset,
            description: "journal damaged in \(file) at byte \(offset): \(what); "
                + "restore the file from a copy, or move the journal's folder aside and begin a new one")
    }

    static func newerFormat(_ file: String, _ format: UInt64, note: String = "") -> JournalError {
        JournalError(
            code: .newerFormat, file: file, offset: 0,
            description: "\(file) is in journal format \(format) and this program reads format "
                + "\(SegmentHeader.format)\(note): use a newer version of the program")
    }

    static func notFound(_ folder: String) -> JournalError {
        JournalError(
            code: .notFound, file: folder, offset: nil,
            description:
                "there is no journal in \(folder): check the path, or start the service that writes it")
    }

    static func notKept(_ folder: String, _ seq: UInt64, oldest: UInt64) -> JournalError {
        JournalError(
            code: .notKept, file: folder, offset: nil,
            description: "seq \(seq) is no longer kept in \(folder): its oldest is \(oldest), read from there"
        )
    }

    static func locked(_ folder: String, by process: String) -> JournalError {
        JournalError(
            code: .locked, file: folder, offset: nil,
            description: "the journal \(folder) is being written by \(process): "
                + "stop that one first, or choose another data folder")
    }

    static func unsynced(_ errorNumber: Int32, _ file: String) -> JournalError {
        JournalError(
            code: .unsynced, file: file, offset: nil,
            description:
                "could not sync \(file): \(String(cString: strerror(errorNumber))); what the disk holds is "
                + "unknown now and nothing more is written: check the disk, then start again")
    }

    /// A failed system call, with what was to be done (`write`, `open` …).
    static func system(_ errorNumber: Int32, _ what: String, _ file: String) -> JournalError {
        let reason = String(cString: strerror(errorNumber))
        if errorNumber == ENOSPC || errorNumber == EDQUOT || errorNumber == EFBIG {
            return JournalError(
                code: .noSpace, file: file, offset: nil,
                description: "no room to \(what) \(file) (\(reason)): free some space; "
                    + "nothing written before is lost, and the batch is kept to be tried again")
        }
        return JournalError(
            code: .failed, file: file, offset: nil,
            description: "could not \(what) \(file): \(reason); check the disk and the rights of its folder")
    }
}
