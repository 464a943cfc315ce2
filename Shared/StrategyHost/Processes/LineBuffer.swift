// Lines out of a stream of bytes, each with a limit.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct LineBuffer {
    private var bytes: [UInt8] = []
    private let limit: Int
    /// Whether a line that is too long is cut; else it is an error.
    private let cuts: Bool
    private var isCutting = false

    init(limit: Int, cuts: Bool = false) {
        self.limit = limit
        self.cuts = cuts
    }

    /// Gives every whole line without its newline; false when one is too long.
    mutating func take(_ more: UnsafeRawBufferPointer, _ line: (UnsafeRawBufferPointer) -> Void) -> Bool {
        var rest = more[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            guard let found = memchr(part.baseAddress!, 0x0a, part.count) else {
                return keep(part)
            }
            let length = UnsafeRawPointer(found) - part.baseAddress!
            let ending = UnsafeRawBufferPointer(rebasing: part[..<length])
            rest = rest.dropFirst(length + 1)
            if bytes.isEmpty, !isCutting, length <= limit {
                line(ending)
                continue
            }
            guard keep(ending) else { return false }
            bytes.withUnsafeBytes(line)
            bytes.removeAll(keepingCapacity: true)
            isCutting = false
        }
        return true
    }

    private mutating func keep(_ part: UnsafeRawBufferPointer) -> Bool {
        guard !isCutting else { return true }
        let room = limit - bytes.count
        bytes.append(contentsOf: part.prefix(room))
        guard part.count > room else { return true }
        isCutting = cuts
        return cuts
    }
}
