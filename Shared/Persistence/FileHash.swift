// The SHA-256 of a plugin's file, noted with every session: what ran can be told from what is there now.

import Crypto
import Foundation

/// SHA-256 of a file in hex; nil when it cannot be read. Reads in pieces of 1 MiB.
package func fileSHA256(_ path: String) -> String? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    var hash = SHA256()
    while let piece = try? handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
    return hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
