// Why a message became a dead letter: a closed list, each with a code for programs and a sentence for people.

/// The reasons. Raw values stand in the database, in topics and in figures, and never change.
package enum DeadLetterReason: String, Sendable, CaseIterable {
    case malformedJSON = "malformed_json"
    case schemaViolation = "schema_violation"
    case unsupportedVersion = "unsupported_version"
    case unlistedSource = "unlisted_source"
    case outOfRange = "out_of_range"
    /// The id of a trade that is in the ledger, with other content.
    case conflictingDuplicate = "conflicting_duplicate"
    /// A number within its strategy that another trade has, or that comes before its predecessor.
    case sequenceConflict = "sequence_conflict"
    /// It contradicts what the strategy holds: closes what is not open, crosses zero …
    case businessRule = "business_rule"
    case oversize
    case handlerError = "handler_error"
    /// The tracker died on it again and again.
    case crashLoop = "crash_loop"

    /// What the reason means and what usually helps.
    package var sentence: String {
        switch self {
        case .malformedJSON: "The message is not JSON: edit it, or have the sender mend it, and requeue."
        case .schemaViolation: "The message is JSON but not a trade event: edit it and requeue."
        case .unsupportedVersion: "The sender speaks another version of the contract: update one of the two."
        case .unlistedSource: "The sender is not allowed: start with --source NAME and requeue, or discard."
        case .outOfRange: "A number lies outside of what is kept exactly: edit it and requeue."
        case .conflictingDuplicate: "The ledger has other content under this id: find out which is right."
        case .sequenceConflict: "Its number is taken, or the one before it is missing: send or requeue that."
        case .businessRule: "It contradicts what the strategy holds: find what is missing before it."
        case .oversize: "The message is larger than a reader takes: have the sender split it."
        case .handlerError: "The tracker could not handle it: look at its log, then requeue."
        case .crashLoop: "The tracker died on this message: report it, and requeue once it is mended."
        }
    }
}

/// Where on its way a message was refused.
package enum DeadLetterStage: String, Sendable, CaseIterable {
    /// Before its content was looked at: size, frames, a message that killed the tracker.
    case receive
    case decode
    /// Read, and not allowed: its source, its terms.
    case validate
    /// It came before its predecessor, which did not follow in time.
    case order
    case book
}
