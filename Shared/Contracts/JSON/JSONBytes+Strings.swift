// Where a string ends, with everything in it checked: control characters, escapes, surrogates, UTF-8.

extension JSONBytes {
    /// The index of the closing quote, and whether a backslash came before it. `index` is after the opening
    /// one.
    @inline(always)
    func endOfString(_ index: Int) throws(JSONError) -> (quote: Int, isEscaped: Bool) {
        var place = index
        while true {
            let word = word(place)
            let stops = JSONWord.stops(word)
            if stops != 0 {
                let lowest = JSONWord.lowest(stops)
                place &+= lowest
                if (word &>> UInt64(truncatingIfNeeded: lowest &* 8)) & 0xff == 0x22 { return (place, false) }
                return try endOfHardString(place)
            }
            place &+= 8
        }
    }

    /// As above from the first byte that is not plain.
    @inline(never)
    func endOfHardString(_ index: Int) throws(JSONError) -> (quote: Int, isEscaped: Bool) {
        var place = index
        var isEscaped = false
        while true {
            let byte = byte(place)
            switch byte {
            case 0x22:
                return (place, isEscaped)
            case 0x5c:
                isEscaped = true
                place = try endOfEscape(place)
            case ..<0x20:
                throw refuse(place, .controlCharacter)
            case ..<0x80:
                place += 1
            default:
                place = try endOfScalar(place, first: byte)
            }
        }
    }

    /// Past the escape whose backslash stands here; both halves of a surrogate pair together.
    private func endOfEscape(_ index: Int) throws(JSONError) -> Int {
        switch byte(index + 1) {
        case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74:
            return index + 2
        case 0x75:
            let unit = try hexadecimal(index + 2)
            if unit & 0xf800 != 0xd800 { return index + 6 }
            guard unit & 0x0400 == 0, byte(index + 6) == 0x5c, byte(index + 7) == 0x75 else {
                throw JSONError(.loneSurrogate, at: index)
            }
            guard try hexadecimal(index + 8) & 0xfc00 == 0xdc00 else {
                throw JSONError(.loneSurrogate, at: index)
            }
            return index + 12
        default:
            throw refuse(index + 1, .invalidEscape)
        }
    }

    private func hexadecimal(_ index: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for place in index..<(index + 4) {
            guard let digit = hexadecimalDigit(byte(place)) else { throw refuse(place, .invalidEscape) }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Past the UTF-8 sequence that begins here: shortest form, no surrogate, at most U+10FFFF (Unicode,
    /// table 3-7).
    private func endOfScalar(_ index: Int, first: UInt8) throws(JSONError) -> Int {
        let second = byte(index + 1)
        let length: Int
        let range: ClosedRange<UInt8>
        switch first {
        case 0xc2...0xdf: (length, range) = (2, 0x80...0xbf)
        case 0xe0: (length, range) = (3, 0xa0...0xbf)
        case 0xed: (length, range) = (3, 0x80...0x9f)
        case 0xe1...0xef: (length, range) = (3, 0x80...0xbf)
        case 0xf0: (length, range) = (4, 0x90...0xbf)
        case 0xf1...0xf3: (length, range) = (4, 0x80...0xbf)
        case 0xf4: (length, range) = (4, 0x80...0x8f)
        default: throw JSONError(.invalidUTF8, at: index)
        }
        guard range.contains(second) else { throw JSONError(.invalidUTF8, at: index) }
        for place in 2..<max(length, 2) where byte(index + place) & 0xc0 != 0x80 {
            throw JSONError(.invalidUTF8, at: index)
        }
        return index + length
    }
}
