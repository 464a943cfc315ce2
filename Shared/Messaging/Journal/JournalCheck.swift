// `journal check`: reads every byte of a journal and lists what is wrong, without stopping at the first
// damage.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a check found.
package struct JournalReport: Sendable, Equatable {
    /// Nil when not one header could be read.
    package var epoch: String?
    package var segments = 0
    /// Records with the right checksum.
    package var records: UInt64 = 0
    /// Bytes of all segments, damaged and torn ones included.
    package var bytes = 0
    /// Seq of the first and the last record with the right checksum; 0 when there is none.
    package var firstSeq: UInt64 = 0
    package var lastSeq: UInt64 = 0
    /// Bytes of a torn line at the end: what the writer cuts off when it opens the journal. No damage.
    package var tornBytes = 0
    /// The first `JournalLimit.damages`, in the order of the files.
    package var damages: [JournalError] = []
    /// All of them.
    package var damageCount = 0

    package var isWhole: Bool { damageCount == 0 }
}

/// Reads a whole journal, beside a live writer or not, and changes nothing. Throws `notFound` when there is
/// no segment in the folder, and when a file cannot be read; damage is not thrown but listed.
package func checkJournal(_ directory: String) throws(JournalError) -> JournalReport {
    let segments = try JournalFolder(path: directory).segments()
    guard !segments.isEmpty else { throw .notFound(directory) }
    var check = JournalCheck()
    for (number, segment) in segments.enumerated() {
        try check.read(segment, isNewest: number == segments.count - 1)
    }
    return check.report
}

private struct JournalCheck {
    var report = JournalReport()
    private var expected: UInt64 = 0
    private let lines = SegmentLines()
    private var verifier = RecordVerifier()

    mutating func read(_ segment: Segment, isNewest: Bool) throws(JournalError) {
        let descriptor = try Disk.open(segment.path, O_RDONLY)
        defer { close(descriptor) }
        report.segments += 1
        if expected != 0, segment.firstSeq != expected {
            note(
                .damaged(
                    segment.path, at: 0, "seq \(expected) should begin here and seq \(segment.firstSeq) does")
            )
        }
        expected = segment.firstSeq
        guard try readStart(descriptor, segment, isNewest: isNewest) else { return }
        while true {
            switch try lines.next() {
            case .line(let line, at: let offset): take(line, at: offset, of: segment)
            case .end(let offset):
                report.bytes += offset
                return
            case .tail(let offset):
                guard try readTail(descriptor, segment, at: offset, isNewest: isNewest) else { return }
            }
        }
    }

    /// Reads the header. False when there is nothing to read behind it.
    private mutating func readStart(
        _ descriptor: Int32, _ segment: Segment, isNewest: Bool
    ) throws(JournalError) -> Bool {
        do throws(JournalError) {
            switch try SegmentStart.read(descriptor, segment, lines) {
            case .header(let header, bytes: _):
                if let epoch = report.epoch, epoch != header.epoch {
                    note(
                        .damaged(segment.path, at: 0, "it belongs to epoch \(header.epoch), not to \(epoch)"))
                }
                report.epoch = report.epoch ?? header.epoch
                return true
            case .torn(let bytes):
                report.bytes += bytes
                if isNewest {
                    report.tornBytes += bytes
                } else {
                    note(.damaged(segment.path, at: 0, "its header is torn in the middle of a journal"))
                }
                return false
            }
        } catch {
            switch error.code {
            case .damaged:
                note(error)
                // The records may be whole all the same. The line is read again as a damaged header's rest.
                return try skipHeader(descriptor, segment)
            case .newerFormat:
                note(error)
                report.bytes += try Disk.size(descriptor, path: segment.path)
                return false
            default: throw error
            }
        }
    }

    private mutating func skipHeader(_ descriptor: Int32, _ segment: Segment) throws(JournalError) -> Bool {
        lines.start(descriptor, path: segment.path, at: 0)
        if case .line = try lines.next() { return true }
        report.bytes += try Disk.size(descriptor, path: segment.path)
        return false
    }

    private mutating func take(_ line: UnsafeRawBufferPointer, at offset: Int, of segment: Segment) {
        let fault = verifier.fault(in: line, expecting: expected)
        if let fault { note(.damaged(segment.path, at: offset, fault.sentence(expected: expected))) }
        switch fault {
        case nil: count(expected)
        case .seq(let found): count(found)
        case .shape, .checksum, .noSeq: expected += 1
        }
    }

    private mutating func count(_ seq: UInt64) {
        report.records += 1
        if report.firstSeq == 0 { report.firstSeq = seq }
        report.lastSeq = seq
        expected = seq &+ 1
    }

    /// Says what a tail is. True when a line that is too long ends somewhere and reading can go on behind it.
    private mutating func readTail(
        _ descriptor: Int32, _ segment: Segment, at offset: Int, isNewest: Bool
    ) throws(JournalError) -> Bool {
        let tail = try SegmentTail.read(
            descriptor, path: segment.path, at: offset, maximumBytes: RecordLine.maximumBytes,
            isWhole: { RecordLine.faultOfBytes(in: $0) == nil })
        switch tail {
        case .grown: report.bytes += offset
        case .torn(let bytes):
            report.bytes += offset + bytes
            if isNewest {
                report.tornBytes += bytes
            } else {
                note(.damaged(segment.path, at: offset, "a record is torn in the middle of a journal"))
            }
        case .damaged(let what):
            note(.damaged(segment.path, at: offset, what))
            report.bytes += try Disk.size(descriptor, path: segment.path)
        }
        return false
    }

    private mutating func note(_ damage: JournalError) {
        report.damageCount += 1
        if report.damages.count < JournalLimit.damages { report.damages.append(damage) }
    }
}
