// The SHA-256 of a plugin's file, noted with every session: what ran can be told from what is there now.

import Crypto
import Foundation

/// SHA-256 of bytes that come in pieces.
package struct RunningSHA256 {
    private var hash = SHA256()
    package init() {}
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }
    /// In hex; of all bytes so far.
    package var hex: String { hexText(hash.finalize()) }
}

private func hexText(_ digest: SHA256.Digest) -> String {
    digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}

/// SHA-256 of a file in hex; nil when it cannot be read. Reads in pieces of 1 MiB.
package func fileSHA256(_ path: String) -> String? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    var hash = SHA256()
    while let piece = try? handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
    return hexText(hash.finalize())
}
