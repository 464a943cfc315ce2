// Progress on standard error: one line that is written over while a person watches, nothing in a pipe.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A progress line. Confined to one thread. At most ten lines a second are written.
package struct TerminalProgress: ~Copyable {
    private static let interval: Duration = .milliseconds(100)
    private let isShown: Bool
    private let write: (String) -> Void
    private var last: ContinuousClock.Instant?
    private var width = 0

    /// - Parameter isShown: whether standard error is a terminal, unless told otherwise.
    package init(isShown: Bool? = nil, write: @escaping (String) -> Void = writeToStandardError) {
        self.isShown = isShown ?? (isatty(STDERR_FILENO) == 1)
        self.write = write
    }

    /// Shows the text in place of the one before. Cheap when nothing is shown.
    package mutating func show(_ text: @autoclosure () -> String, now: ContinuousClock.Instant = .now) {
        guard isShown else { return }
        if let last, last.duration(to: now) < Self.interval { return }
        last = now
        let line = String(text().prefix(100))
        write("\r" + line + String(repeating: " ", count: max(0, width - line.count)))
        width = line.count
    }

    /// Clears the line, so that what follows starts at its beginning.
    package mutating func finish() {
        if isShown, width > 0 { write("\r" + String(repeating: " ", count: width) + "\r") }
        width = 0
    }
}
