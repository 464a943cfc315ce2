import CChecksum
import Testing

@Suite("CRC-32C")
struct ChecksumTests {
    /// From RFC 3720, B.4, and the check value of the CRC catalogue.
    private static let known: [(bytes: [UInt8], crc: UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
        ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
        ([UInt8](0...31), 0x46dd_794e),
        ([UInt8]((0...31).reversed()), 0x113f_db5c),
        (Array("123456789".utf8), 0xe306_9283),
        ([], 0),
    ]

    @Test(arguments: known)
    func `known values come out by instruction and by tables`(bytes: [UInt8], crc: UInt32) {
        #expect(bytes.withUnsafeBytes { checksum_crc32c(0, $0.baseAddress, $0.count) } == crc)
        #expect(bytes.withUnsafeBytes { checksum_crc32c_portable(0, $0.baseAddress, $0.count) } == crc)
    }

    @Test func `both ways agree at every length and alignment, and in two parts`() {
        let bytes = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 197 ^ $0 >> 3) }
        bytes.withUnsafeBytes { all in
            for start in 0..<9 {
                for count in 0..<300 {
                    let part = all.baseAddress! + start
                    let whole = checksum_crc32c(0, part, count)
                    #expect(whole == checksum_crc32c_portable(0, part, count))
                    let half = checksum_crc32c_portable(0, part, count / 2)
                    #expect(whole == checksum_crc32c(half, part + count / 2, count - count / 2))
                }
            }
        }
    }
}
