// What came to a session from outside as the simulator's journal holds it, for running it again.

import Contracts
import StrategyHost

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
        try decisions.compactMap { record in
            try record.withUnsafeBytes { json in
                try SimulatorCore.command(json, EventHead.read(json).type, &symbols)?.command
            }
        }
    }
}
