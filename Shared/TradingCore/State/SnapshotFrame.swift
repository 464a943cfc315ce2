// The frame around a stored state: whose it is, and whether it is whole.

/// What stands around a stored state, so that a damaged, foreign or newer one is told and not believed.
package enum SnapshotFrame {
    /// Of what a frame holds: raised with every change of a stored form.
    package static let format: UInt16 = 1
    private static let mark: [UInt8] = Array("TRPsnap".utf8)

    /// Why bytes are no snapshot, as the end of a sentence that begins with its name.
    package struct Refusal: Error, Equatable, CustomStringConvertible {
        package let description: String
        package init(_ description: String) { self.description = description }
    }

    /// The content with mark, format and digest.
    package static func wrap(_ content: [UInt8]) -> [UInt8] {
        var state = StateWriter()
        state.put(format)
        state.put(content)
        return mark + state.bytes + digestBytes(of: mark + state.bytes)
    }

    /// The content of a frame.
    package static func unwrap(_ bytes: [UInt8]) throws(Refusal) -> [UInt8] {
        guard bytes.starts(with: mark) else { throw Refusal("is no snapshot") }
        let body = Array(bytes.dropLast(8))
        guard bytes.count > mark.count + 8, digestBytes(of: body) == Array(bytes.suffix(8)) else {
            throw Refusal("is damaged: its checksum is wrong")
        }
        var state = StateReader(Array(body.dropFirst(mark.count)))
        guard let found: UInt16 = try? state.take() else { throw Refusal("is damaged: it has no format") }
        guard found == format else {
            throw Refusal("has format \(found), and this program reads format \(format)")
        }
        guard let content = try? state.takeBytes(), state.isAtEnd else {
            throw Refusal("is damaged: it cannot be read")
        }
        return content
    }

    private static func digestBytes(of bytes: [UInt8]) -> [UInt8] {
        var digest = Digest()
        var word: UInt64 = 0
        for (place, byte) in bytes.enumerated() {
            word |= UInt64(byte) << UInt64(place % 8 * 8)
            if place % 8 == 7 {
                digest.add(word)
                word = 0
            }
        }
        digest.add(word)
        digest.add(UInt64(bytes.count))
        var state = StateWriter()
        state.put(bits: digest.value)
        return state.bytes
    }
}
