// Results go to standard output, everything else to standard error. A text is written whole: a short write
// or a signal in between does not cut it. A reader that is gone ends the text, not the program.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes the text to a file descriptor; false when it could not be written to its end.
@discardableResult
package func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = write(descriptor, base, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// Writes a whole line, with its newline, to standard error.
package func writeToStandardError(_ line: String) {
    write(line, to: STDERR_FILENO)
}

/// Writes results to standard output.
@discardableResult
package func writeToStandardOutput(_ text: String) -> Bool {
    write(text, to: STDOUT_FILENO)
}

/// The content of a small text file without the newline at its end; nil if it cannot be read.
func textOfFile(_ path: String?) -> String? {
    guard let path, let data = FileManager.default.contents(atPath: path) else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
}
