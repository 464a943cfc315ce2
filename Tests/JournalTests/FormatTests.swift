import CChecksum
import Testing

@testable import Messaging

@Suite("A record's line")
struct RecordLineTests {
    @Test func `a checksum is eight lower-case hex digits`() {
        for crc in [0, 1, 0xdead_beef, 0x0123_4567, 0x89ab_cdef, 0xffff_ffff, 0x0a0b_0c0d] as [UInt32] {
            let digits = withUnsafeBytes(of: RecordLine.hex(crc).littleEndian) {
                String(decoding: $0, as: UTF8.self)
            }
            let expected = String(crc, radix: 16)
            #expect(digits == String(repeating: "0", count: 8 - expected.count) + expected)
        }
    }

    @Test(
        arguments: [
            (#"{"seq":1}"#, 1),
            (#"{"type":"tick","seq":18446744073709551615,"prev":0}"#, .max),
            (#"{"a":{"seq":7,"b":[1,{"seq":8}]},"seq":9}"#, 9),
            (#"{"a":"\"seq\":5,","seq":6}"#, 6),
            (#"{"a":"x\\","seq":6}"#, 6),
            (#"{ "a" : true , "seq" : 42 }"#, 42),
            (#"{"prev":3,"x":-1.5e3,"y":null,"seq":4}"#, 4),
            (#"{"seq":18446744073709551616}"#, nil),
            (#"{"seq":1.5}"#, nil),
            (#"{"seq":-1}"#, nil),
            (#"{"seq":"1"}"#, nil),
            (#"{"seq":}"#, nil),
            (#"{"seq":12"#, nil),
            (#"{"a":{"seq":7}}"#, nil),
            (#"{"seqs":7,"eq":8}"#, nil),
            (#"["seq",1]"#, nil),
            (#"{"a":"seq"#, nil),
            ("{", nil),
            ("", nil),
        ] as [(String, UInt64?)])
    func `seq is read from the outermost object only`(json: String, seq: UInt64?) {
        #expect(Array(json.utf8).withUnsafeBytes { RecordLine.number(of: "seq", in: $0) } == seq)
    }
}

@Suite("A verifier of lines")
struct RecordVerifierTests {
    private func line(_ json: String) -> [UInt8] {
        let bytes = Array(json.utf8)
        let crc = bytes.withUnsafeBytes { checksum_crc32c(0, $0.baseAddress, $0.count) }
        return withUnsafeBytes(of: RecordLine.hex(crc).littleEndian) { Array($0) } + [0x20] + bytes
    }

    @Test func `what it remembers of the record before never changes what it finds`() {
        let texts: [(String, RecordLine.Fault?)] = [
            (#"{"a":1,"seq":7}"#, nil),
            (#"{"a":1,"seq":7,"b":2}"#, nil),
            (#"{"a":1,"seq":70}"#, .seq(70)),
            (#"{"a":1,"seq":"7"}"#, .noSeq),
            (#"{"a":1,"sequel":3,"seq":7}"#, nil),
            (#"{"a":{"a":1,"seq":8},"seq":7}"#, nil),
            (#"{"a":1,"seq":"#, .noSeq),
            (#"{"b":"\#(String(repeating: "x", count: 300))","seq":7}"#, nil),
            (#"{"a":1}"#, .noSeq),
        ]
        for first in texts {
            for second in texts {
                var verifier = RecordVerifier()
                _ = line(first.0).withUnsafeBytes { verifier.fault(in: $0, expecting: 7) }
                #expect(line(second.0).withUnsafeBytes { verifier.fault(in: $0, expecting: 7) } == second.1)
            }
        }
    }
}

@Suite("A segment's header")
struct SegmentHeaderTests {
    /// Puts the right checksum on a header whose other fields were changed.
    static func withChecksum(_ line: String) -> [UInt8] {
        let covered = Array(line.utf8.dropLast(#","crc32c":"01234567"}"#.utf8.count))
        let crc = covered.withUnsafeBytes { checksum_crc32c(0, $0.baseAddress, $0.count) }
        let digits = withUnsafeBytes(of: RecordLine.hex(crc).littleEndian) { Array($0) }
        return covered + Array(#","crc32c":""#.utf8) + digits + Array(#""}"#.utf8)
    }

    private func read(_ line: [UInt8]) -> SegmentHeader.Reading {
        line.withUnsafeBytes { SegmentHeader.read($0) }
    }

    @Test func `a header is read back as it was written`() {
        for count in [0, 1, 500] {
            let topics = (0..<count).map {
                SegmentHeader.Topic(bytes: Array("tick/S\($0)/".utf8), lastSeq: UInt64($0 + 1))
            }
            let header = SegmentHeader(epoch: "k3v9q2", firstSeq: 918, topics: topics)
            let line = header.line()
            #expect(line.last == 10 && !line.dropLast().contains(10))
            #expect(read(line.dropLast()) == .header(header))
        }
    }

    @Test(arguments: [
        #"{"format":1,"epoch":"","first_seq":1,"topics":{},"crc32c":"00000000"}"#,
        #"{"format":1,"epoch":"a b","first_seq":1,"topics":{},"crc32c":"00000000"}"#,
        #"{"format":1,"epoch":"a","first_seq":0,"topics":{},"crc32c":"00000000"}"#,
        #"{"format":1,"epoch":"a","first_seq":5,"topics":{"t/":5},"crc32c":"00000000"}"#,
        #"{"format":1,"epoch":"a","first_seq":5,"topics":{"t/":1 },"crc32c":"00000000"}"#,
        #"{"format":1,"epoch":"a","first_seq":5,"topics":{"t/":},"crc32c":"00000000"}"#,
        #"{"format":1,"epoch":"a","first_seq":5,"topics":{"":1},"crc32c":"00000000"}"#,
        #"{"format":0,"epoch":"a","first_seq":1,"topics":{},"crc32c":"00000000"}"#,
    ])
    func `a header that says something impossible is refused though its checksum is right`(line: String) {
        guard case .damaged = read(Self.withChecksum(line)) else {
            Issue.record("\(line) was taken")
            return
        }
    }

    @Test func `short lines are refused`() {
        let line = SegmentHeader(epoch: "k3v9q2", firstSeq: 1, topics: []).line().dropLast()
        for length in 0..<line.count {
            guard case .damaged = read(Array(line.prefix(length))) else {
                Issue.record("\(length) bytes were taken")
                return
            }
        }
    }
}
