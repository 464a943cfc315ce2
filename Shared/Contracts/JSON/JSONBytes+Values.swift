// Keys, literals, and values that nobody wants but that are checked all the same.

extension JSONBytes {
    /// The key whose quote stands here, packed and as text, and where its value begins.
    @inline(always)
    func key(_ index: Int) throws(JSONError) -> (key: PackedKey, text: JSONText, value: Int) {
        guard byte(index) == 0x22 else { throw refuse(index) }
        let start = index &+ 1
        let low = word(start)
        let lowStops = JSONWord.stops(low)
        let highStops = JSONWord.stops(word(start &+ 8))
        // Without branches on the length, which in a message of unknown order cannot be predicted.
        let isShort = lowStops != 0
        let count = isShort ? JSONWord.lowest(lowStops) : 8 &+ JSONWord.lowest(highStops)
        let quote = start &+ count
        if count < 16, byte(quote) == 0x22 {
            let first = isShort ? JSONWord.prefix(low, count) : low
            let last = word(isShort ? start : quote &- 8)
            let key = PackedKey(first: first, last: isShort ? 0 : last, count: count)
            return (key, text(start, quote, false), try pastColon(quote &+ 1))
        }
        return try longKey(start, quote)
    }

    /// A key of 16 bytes or more, or with something in it that is not plain; `known` plain bytes are passed
    /// already.
    @inline(never)
    private func longKey(_ start: Int, _ known: Int) throws(JSONError) -> (
        key: PackedKey, text: JSONText, value: Int
    ) {
        let (quote, isEscaped) = try endOfString(known)
        let text = text(start, quote, isEscaped)
        return (isEscaped ? PackedKey(text) : PackedKey(text.raw), text, try pastColon(quote &+ 1))
    }

    @inline(always)
    private func text(_ start: Int, _ end: Int, _ isEscaped: Bool) -> JSONText {
        JSONText(start: base + start, count: end &- start, isEscaped: isEscaped)
    }

    @inline(always)
    private func pastColon(_ index: Int) throws(JSONError) -> Int {
        if byte(index) == 0x3a { return index &+ 1 }
        let colon = skipSpace(index)
        guard byte(colon) == 0x3a else { throw refuse(colon) }
        return colon &+ 1
    }

    /// Why the value here is not of the kind that was asked for.
    func notThis(_ index: Int) -> JSONError {
        switch byte(index) {
        case 0x22, 0x7b, 0x5b, 0x74, 0x66, 0x6e, 0x2d, 0x30...0x39: refuse(index, .wrongType)
        default: refuse(index)
        }
    }

    /// Past this word, which must stand here.
    func literal(_ word: StaticString, _ index: Int) throws(JSONError) -> Int {
        for place in 0..<word.utf8CodeUnitCount where byte(index + place) != word.utf8Start[place] {
            throw refuse(index + place)
        }
        return index + word.utf8CodeUnitCount
    }

    /// Past any value, checked like one that is read. Recursion is bounded by the reader's depth.
    @inline(never)
    func skipValue(_ start: Int, depth: Int, _ keys: inout OtherKeys) throws(JSONError) -> Int {
        let index = skipSpace(start)
        switch byte(index) {
        case 0x22: return try endOfString(index + 1).quote + 1
        case 0x2d, 0x30...0x39: return try NumberShape(self, at: index).end
        case 0x74: return try literal("true", index)
        case 0x66: return try literal("false", index)
        case 0x6e: return try literal("null", index)
        case 0x7b, 0x5b:
            guard depth < JSONReader.maximumDepth else { throw JSONError(.tooDeep, at: index) }
            return byte(index) == 0x7b
                ? try skipObject(index + 1, depth: depth + 1, &keys)
                : try skipArray(index + 1, depth: depth + 1, &keys)
        // What writers of floats are known to produce.
        case 0x4e, 0x49, 0x2b, 0x2e: throw JSONError(.invalidNumber, at: index)
        default: throw refuse(index)
        }
    }

    private func skipObject(_ start: Int, depth: Int, _ keys: inout OtherKeys) throws(JSONError) -> Int {
        let scope = ObjectScope(firstOther: keys.count)
        var index = skipSpace(start)
        if byte(index) == 0x7d { return index + 1 }
        while true {
            let (_, text, value) = try key(index)
            try keys.note(text, at: index, since: scope.firstOther, in: self)
            index = skipSpace(try skipValue(value, depth: depth, &keys))
            switch byte(index) {
            case 0x2c: index = skipSpace(index + 1)
            case 0x7d:
                keys.close(scope)
                return index + 1
            default: throw refuse(index)
            }
        }
    }

    private func skipArray(_ start: Int, depth: Int, _ keys: inout OtherKeys) throws(JSONError) -> Int {
        var index = skipSpace(start)
        if byte(index) == 0x5d { return index + 1 }
        while true {
            index = skipSpace(try skipValue(index, depth: depth, &keys))
            switch byte(index) {
            case 0x2c: index += 1
            case 0x5d: return index + 1
            default: throw refuse(index)
            }
        }
    }
}
