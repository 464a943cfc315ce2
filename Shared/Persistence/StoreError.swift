/// Why the database refused, with one sentence for a person: what is wrong, where, and what to do.
package struct StoreError: Error, Equatable, CustomStringConvertible {
    /// Stable names for programs and tests.
    package enum Code: String, Sendable {
        /// Another process held the database longer than the busy timeout.
        case busy
        /// The database server does not answer, or the connection to it was lost.
        case unreachable
        /// No room left on the disk.
        case full
        /// Reading or writing the file failed.
        case io
        /// The file or its folder cannot be opened or written.
        case notWritable = "not_writable"
        /// There is no database yet.
        case missing
        /// The file is no database, or one of another program.
        case notADatabase = "not_a_database"
        /// The file is a database whose content is broken.
        case damaged
        /// A newer program made it.
        case newerVersion = "newer_version"
        /// An older program made it, and it was opened for reading only.
        case olderVersion = "older_version"
        /// A source continues under another epoch than its checkpoint.
        case epochChanged = "epoch_changed"
        /// The database holds less than the caller has booked: it was restored from an older state.
        case rewound
        /// The location names a database that this program cannot open.
        case unsupported
        /// The store was closed.
        case closed
        /// Anything else; the sentence carries the database's own words.
        case failed
    }

    package var code: Code
    package var sentence: String

    package init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    /// The database holds fewer batches of a source than were booked.
    package static func rewound(_ source: String, booked: UInt64, stored: UInt64) -> StoreError {
        StoreError(
            .rewound,
            "\(booked) batches of source \(source) were booked, and the database holds \(stored): it was"
                + " restored from an older state; start again, and the rest is booked once more")
    }

    /// Whether the same call may succeed later with nothing lost: try again with growing pauses.
    package var isTransient: Bool {
        switch code {
        case .busy, .full, .io, .unreachable: true
        default: false
        }
    }

    package var description: String { sentence }
}
