// What came to a session from outside as the simulator's journal holds it, for running it again.

import Contracts

/// What came to one session when it was recorded, beside market data.
struct RecordedSession {
    /// Inputs from outside, by number.
    var inputs: [Command] = []
    /// The last event of the stream taken before each halt.
    var halts: [UInt64] = []
    /// The records of all commands, inputs too, where they are taken from the journal instead of being
    /// decided again.
    var decisions: [[UInt8]] = []

    /// The decisions as commands; new symbols are made.
    func commands(_ symbols: inout SymbolTable) throws -> [Command] {
        var commands: [Command] = []
        for record in decisions {
            let value = try record.withUnsafeBytes { json in
                try EventHead.read(json).type.equals("input") ? try JSONValue(parsing: json) : nil
            }
            if let value {
                commands.append(try InputCodec.read(value).command)
            } else {
                commands.append(
                    try record.withUnsafeBytes { try CommandCodec.decode($0, symbols: &symbols) }.command)
            }
        }
        return commands
    }
}
