// Market events off the wire, in one loop that stores each value under the number of its key. What the values
// mean together is checked after it, because `type` and `kind` may come last.
//
// Keys are ordered by the kind of their values, so the loop holds one copy of the code that reads amounts,
// one for times, and so on: it stays small enough that all of it is inlined and its state is in registers.

extension MarketEventCodec {
    /// Decodes any market event, its keys in any order.
    ///
    /// The symbol is resolved, and made when it is new, only after everything else was found right. `event`
    /// is left as it was when the message is refused.
    /// - Returns: the envelope; its source and epoch are valid while `bytes` are.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, into event: inout MarketEvent, symbols: inout SymbolTable
    ) throws(JSONError) -> EventHead {
        // Room for one word a key, on the stack. Only those are read whose bit is in `seen`.
        try withUnsafeTemporaryAllocation(of: Int64.self, capacity: MarketKey.count) {
            (words) throws(JSONError) in
            try JSONScanner.check(bytes)
            var fields = MarketFields(bytes: JSONBytes(bytes), words: words)
            try scan(&fields)
            return try fields.finish(into: &event, symbols: &symbols)
        }
    }

    private static func scan(_ fields: inout MarketFields) throws(JSONError) {
        let words = fields.words
        let message = fields.bytes
        let table = MarketKey.table.index
        var scanner = JSONScanner(message)
        var scope = try scanner.openObject()
        var number = -1
        while true {
            number = try scanner.nextNumber(in: &scope, of: table, after: number)
            let word: Int64
            if number < MarketKey.firstWhole {
                if number < 0 { break }
                word = try scanner.amount()
            } else if number < MarketKey.firstTime {
                word = Int64(bitPattern: try scanner.unsigned())
            } else if number < MarketKey.firstText {
                word = try scanner.timestamp().microseconds
            } else if number < MarketKey.firstObject {
                word = message.word(of: try scanner.string())
            } else {
                word = Int64(scanner.offset)
                try scanner.skip()
            }
            words[number] = word
        }
        try scanner.finish()
        fields.seen = scope.seen
        fields.end = scanner.offset
    }

    /// The session of an instrument event; nil when it is always open.
    public static func session(of bytes: UnsafeRawBufferPointer) throws(JSONError) -> TradingSession? {
        var reader = try JSONReader(bytes)
        var scope = try reader.openObject()
        var session: TradingSession?
        while let key = try reader.nextKey(in: &scope, of: MarketKey.table) {
            if key == .session { session = try TradingSession(reading: &reader) } else { try reader.skip() }
        }
        try reader.finish()
        return session
    }
}

extension JSONBytes {
    /// A text of this message as one word: where it begins, how long it is, whether it has escapes. A message
    /// has fewer than 2^31 bytes.
    @inline(__always)
    func word(of text: JSONText) -> Int64 {
        Int64(text.start - base) &<< 32 | Int64(text.count) &<< 1 | (text.isEscaped ? 1 : 0)
    }

    /// A text of this message, without escapes, packed without a loop over its bytes.
    @inline(__always)
    func packed(_ text: JSONText) -> PackedKey {
        let start = text.start - base
        let first = word(start)
        guard text.count < 8 else {
            return PackedKey(first: first, last: word(start &+ text.count &- 8), count: text.count)
        }
        return PackedKey(first: JSONWord.prefix(first, text.count), last: 0, count: text.count)
    }

    /// Whether a text of this message is this word of up to seven bytes, without escapes.
    @inline(__always)
    func isWord(_ text: JSONText, _ expected: StaticString) -> Bool {
        guard text.count == expected.utf8CodeUnitCount, !text.isEscaped else { return false }
        return JSONWord.prefix(word(text.start - base), text.count) == JSONWord.packed(expected)
    }

    @inline(__always)
    func text(of word: Int64) -> JSONText {
        JSONText(
            start: base + Int(word &>> 32), count: Int(word & 0xffff_ffff) &>> 1, isEscaped: word & 1 != 0)
    }
}

/// The values of a market event by the numbers of their keys.
private struct MarketFields {
    let bytes: JSONBytes
    /// Unsafe: lives as long as the call of `decode`; has a word for every key.
    let words: UnsafeMutableBufferPointer<Int64>
    /// A bit for each key that was there.
    var seen: UInt64 = 0
    /// The end of the message, where missing fields are reported.
    var end = 0

    init(bytes: JSONBytes, words: UnsafeMutableBufferPointer<Int64>) {
        self.bytes = bytes
        self.words = words
    }

    @inline(__always)
    private func has(_ key: MarketKey) -> Bool { seen & key.bit != 0 }

    /// Only for keys that were there.
    @inline(__always)
    private subscript(_ key: MarketKey) -> Int64 { words[Int(key.rawValue)] }

    @inline(__always)
    private func text(_ key: MarketKey) -> JSONText { bytes.text(of: self[key]) }

    @inline(__always)
    private func require(_ required: UInt64) throws(JSONError) {
        let missing = required & ~seen
        guard missing == 0 else { throw lacks(missing) }
    }

    @inline(never)
    private func lacks(_ missing: UInt64) -> JSONError {
        let key = MarketKey(rawValue: UInt8(missing.trailingZeroBitCount)) ?? .type
        return JSONError(.missingField, at: end, key.wireName)
    }

    /// Refuses the value of a key; looks for its place again, because only a refusal needs it.
    @inline(never)
    private func refuse(_ code: JSONError.Code, _ key: MarketKey) -> JSONError {
        let message = UnsafeRawBufferPointer(start: bytes.base, count: bytes.count)
        guard var reader = try? JSONReader(message), var scope = try? reader.openObject() else {
            return JSONError(code, at: 0, key.wireName)
        }
        while let found = try? reader.nextKey(in: &scope, of: MarketKey.table), found != key {
            guard (try? reader.skip()) != nil else { break }
        }
        return JSONError(code, at: bytes.skipSpace(reader.offset), key.wireName)
    }

    /// Checks everything and puts the event together.
    @inline(__always)
    func finish(into event: inout MarketEvent, symbols: inout SymbolTable) throws(JSONError) -> EventHead {
        try require(MarketKey.type.bit)
        let type = text(.type)
        let isTick = bytes.isWord(type, "tick") || type.equals("tick")
        try require(isTick ? MarketKey.tick : MarketKey.envelope)
        guard self[.version] == Int64(contractVersion) else { throw refuse(.unknownVersion, .version) }
        let source = text(.source)
        let epoch = text(.epoch)
        guard bytes.isName(source, .identifier) else { throw refuse(.invalidName, .source) }
        guard bytes.isName(epoch, .identifier) else { throw refuse(.invalidName, .epoch) }
        let time = Timestamp(microseconds: self[.timestamp])
        var draft = MarketEvent(kind: .quote, symbol: .none, timestamp: time)
        draft.seq = UInt64(bitPattern: self[.seq])
        if isTick { try readTick(&draft) } else { try readOther(type, &draft) }
        if draft.kind != .clock, draft.kind != .end { draft.symbol = try resolve(&symbols) }
        event = draft
        let stamp = EventStamp(
            seq: draft.seq, prev: UInt64(bitPattern: self[.prev]),
            publishedAt: Timestamp(microseconds: self[.publishedAt]),
            position: has(.position) ? UInt64(bitPattern: self[.position]) : nil)
        return EventHead(stamp: stamp, source: source, epoch: epoch)
    }

    @inline(__always)
    private func resolve(_ symbols: inout SymbolTable) throws(JSONError) -> SymbolIndex {
        let symbol = text(.symbol)
        if !symbol.isEscaped, let known = symbols.find(bytes.packed(symbol), symbol.raw) { return known }
        do {
            return try symbol.withBytes { (raw) throws(InvalidName) in try symbols.intern(raw) }
        } catch {
            throw refuse(.invalidName, .symbol)
        }
    }

    // A quote has no price, a bar no kind, and so on: fields of other events are ones that we do not know.

    @inline(__always)
    private func readTick(_ event: inout MarketEvent) throws(JSONError) {
        let kind = text(.kind)
        if !bytes.isWord(kind, "quote"), !kind.equals("quote") {
            guard kind.equals("trade") else { throw refuse(.unknownWord, .kind) }
            event.kind = .trade
            try require(MarketKey.trade)
            event.price.units = self[.price]
            event.size.units = try size(.size)
        }
        try readSides(.bid, .ask, &event)
        if seen & (MarketKey.exchange.bit | MarketKey.conditions.bit) != 0 {
            if has(.exchange) { event.code = try code(.exchange) }
            if has(.conditions) { event.detail = try code(.conditions) }
        }
    }

    /// Each side with its size, or not at all.
    @inline(__always)
    private func readSides(_ bid: MarketKey, _ ask: MarketKey, _ event: inout MarketEvent) throws(JSONError) {
        let bidBits = bid.bit | MarketKey.bidSize.bit
        if seen & bidBits != 0 {
            try require(bidBits)
            event.has.insert(.bid)
            event.bid.units = self[bid]
            event.bidSize.units = try size(.bidSize)
        }
        let askBits = ask.bit | MarketKey.askSize.bit
        if seen & askBits != 0 {
            try require(askBits)
            event.has.insert(.ask)
            event.ask.units = self[ask]
            event.askSize.units = try size(.askSize)
        }
    }

    @inline(__always)
    private func size(_ key: MarketKey) throws(JSONError) -> Int64 {
        let units = self[key]
        guard units >= 0 else { throw refuse(.unexpectedValue, key) }
        return units
    }

    private func code(_ key: MarketKey) throws(JSONError) -> ShortCode {
        guard let code = text(key).withBytes({ ShortCode(bytes: $0) }) else {
            throw refuse(.unexpectedValue, key)
        }
        return code
    }

    @inline(never)
    private func readOther(_ type: JSONText, _ event: inout MarketEvent) throws(JSONError) {
        if type.equals("bar") {
            try require(MarketKey.bar)
            try readBar(&event)
        } else if type.equals("instrument") {
            try require(MarketKey.instrument)
            try readInstrument(&event)
        } else if type.equals("clock") {
            event.kind = .clock
        } else if type.equals("end") {
            event.kind = .end
        } else {
            throw refuse(.unknownType, .type)
        }
    }

    private func readBar(_ event: inout MarketEvent) throws(JSONError) {
        event.kind = .bar
        guard let seconds = text(.interval).withBytes({ BarInterval.seconds($0) }) else {
            throw refuse(.unknownWord, .interval)
        }
        event.interval = seconds
        event.openTime.microseconds = self[.openTime]
        event.open.units = self[.open]
        event.high.units = self[.high]
        event.low.units = self[.low]
        event.price.units = self[.close]
        event.size.units = try size(.volume)
        try readSides(.bidClose, .askClose, &event)
    }

    private func readInstrument(_ event: inout MarketEvent) throws(JSONError) {
        event.kind = .instrument
        event.price.units = self[.priceIncrement]
        event.size.units = self[.sizeIncrement]
        guard event.price.units > 0 else { throw refuse(.unexpectedValue, .priceIncrement) }
        guard event.size.units > 0 else { throw refuse(.unexpectedValue, .sizeIncrement) }
        event.code = try code(.currency)
        event.detail = try code(.assetClass)
        guard !event.code.isEmpty else { throw refuse(.unexpectedValue, .currency) }
        guard !event.detail.isEmpty else { throw refuse(.unexpectedValue, .assetClass) }
        if has(.session) {
            _ = try MarketEventCodec.session(
                of: UnsafeRawBufferPointer(start: bytes.base, count: bytes.count))
        }
    }
}
