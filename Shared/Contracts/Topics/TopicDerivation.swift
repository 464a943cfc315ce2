// The journal stores no topics: a record is its JSON, and the topic is a function of that. So a replayed
// message gets the topic that it had when it was published, whoever wrote the keys in whatever order.

extension Topic {
    /// The topic of an event from its JSON alone. Throws `unknownType`, `missingField`, `invalidName`, or
    /// what is wrong with the JSON.
    public static func derive(fromJSON bytes: UnsafeRawBufferPointer) throws(JSONError) -> [UInt8] {
        var topic: [UInt8] = []
        try derive(fromJSON: bytes, into: &topic)
        return topic
    }

    /// As above into a reused array, which is emptied first; allocates nothing once that is large enough.
    ///
    /// - Parameter isOurs: the JSON is known to be what our encoder wrote, by its checksum: reading ends with
    ///   the last field that the topic is made of.
    public static func derive(
        fromJSON bytes: UnsafeRawBufferPointer, isOurs: Bool = false, into topic: inout [UInt8]
    ) throws(JSONError) {
        topic.removeAll(keepingCapacity: true)
        var reader = try JSONReader(bytes)
        var parts = TopicParts()
        var scope = try reader.openObject()
        while true {
            let number = try reader.nextNumber(in: &scope, of: TopicKey.keys.index)
            guard number >= 0 else { break }
            let isType = number == Int(EnvelopeKey.type.rawValue)
            guard isType || number >= EnvelopeFields.count else {
                try reader.skip()
                continue
            }
            try parts.read(isType ? nil : TopicKey.first(1 << UInt64(number)), &reader)
            if isOurs, parts.isComplete { break }
        }
        if !isOurs { try reader.finish() }
        parts.end = reader.offset
        do {
            try parts.write(into: &topic, at: reader.bytes)
        } catch {
            topic.removeAll(keepingCapacity: true)
            throw error
        }
    }
}

/// The fields that topics are made of beside the type. The envelope's are in the table too: a key that is
/// known is passed over faster than one that has to be remembered.
private enum TopicKey: UInt8, EventKey {
    case symbol, strategyID, interval, reason
    static let optional = allCases
    static let keys = makeKeys()
    var wireName: StaticString {
        switch self {
        case .symbol: "symbol"
        case .strategyID: "strategy_id"
        case .interval: "interval"
        case .reason: "reason"
        }
    }
}

/// The types that have a topic, in the order of DESIGN 5.
private enum TopicType: UInt8, WireNamed {
    case tick, trade, order, bar, instrument, clock, end, command, session, sessionEnd, fence, input,
        inputReport, halt
    case equity, performance, deadLetter, heartbeat

    static let table = KeyTable<TopicType>()
    var wireName: StaticString {
        switch self {
        case .tick: "tick"
        case .trade: "trade"
        case .order: "order"
        case .bar: "bar"
        case .instrument: "instrument"
        case .clock: "clock"
        case .end: "end"
        case .command: "command"
        case .session: "session"
        case .sessionEnd: "session_end"
        case .fence: "fence"
        case .input: "input"
        case .inputReport: "input_report"
        case .halt: "halt"
        case .equity: "equity"
        case .performance: "performance"
        case .deadLetter: "dead-letter"
        case .heartbeat: "heartbeat"
        }
    }

    /// What the topic begins with: the type, but for the end of a session, which belongs to its beginning,
    /// and for what belongs to the inputs from outside.
    var root: StaticString {
        switch self {
        case .sessionEnd: Self.session.wireName
        case .inputReport, .halt: Self.input.wireName
        default: wireName
        }
    }

    /// What stands between the type and the end of the topic.
    var parts: [TopicKey] {
        switch self {
        case .tick, .instrument: [.symbol]
        case .bar: [.interval, .symbol]
        case .order, .trade: [.strategyID, .symbol]
        case .equity, .performance, .command, .session, .sessionEnd, .fence, .input, .inputReport, .halt:
            [.strategyID]
        case .deadLetter: [.reason]
        case .clock, .end, .heartbeat: []
        }
    }
}

private struct TopicParts {
    private var type: JSONText?
    private var symbol: JSONText?
    private var strategy: JSONText?
    private var interval: JSONText?
    private var reason: JSONText?
    /// Where missing fields are reported.
    var end = 0

    /// Whether nothing more is needed.
    var isComplete: Bool {
        guard let type, let kind = TopicType.table.word(type) else { return false }
        switch kind {
        case .tick, .instrument: return symbol != nil
        case .order, .trade: return strategy != nil && symbol != nil
        case .bar: return interval != nil && symbol != nil
        case .equity, .performance, .command, .session, .sessionEnd, .fence, .input, .inputReport, .halt:
            return strategy != nil
        case .deadLetter: return reason != nil
        case .clock, .end, .heartbeat: return true
        }
    }

    /// - Parameter key: nil for the type.
    mutating func read(_ key: TopicKey?, _ reader: inout JSONReader) throws(JSONError) {
        // Records of other kinds may use these names for other things: what is no string makes no topic.
        guard reader.nextByte == 0x22 else { return try reader.skip() }
        let text = try reader.string()
        switch key {
        case nil: type = text
        case .symbol: symbol = text
        case .strategyID: strategy = text
        case .interval: interval = text
        case .reason: reason = text
        }
    }

    func write(into topic: inout [UInt8], at bytes: JSONBytes) throws(JSONError) {
        let type = try required(type, EnvelopeKey.type.wireName)
        guard let kind = TopicType.table.word(type) else {
            throw JSONError(.unknownType, at: bytes.offset(of: type), field: "type")
        }
        topic.append(kind.root)
        topic.append(0x2f)
        for part in kind.parts {
            switch part {
            case .symbol: try append(symbol, .symbol, part, &topic, bytes)
            case .strategyID: try append(strategy, .identifier, part, &topic, bytes)
            case .reason: try append(reason, .identifier, part, &topic, bytes)
            case .interval:
                let interval = try required(interval, part.wireName)
                guard let seconds = interval.withBytes({ BarInterval.seconds($0) }) else {
                    throw JSONError(.unknownWord, at: bytes.offset(of: interval), field: "interval")
                }
                topic.append(interval: seconds)
            }
            topic.append(0x2f)
        }
    }

    private func required(_ text: JSONText?, _ field: StaticString) throws(JSONError) -> JSONText {
        guard let text else { throw JSONError(.missingField, at: end, field: "\(field)") }
        return text
    }

    private func append(
        _ text: JSONText?, _ rule: NameRule, _ key: TopicKey, _ topic: inout [UInt8], _ bytes: JSONBytes
    ) throws(JSONError) {
        let text = try required(text, key.wireName)
        let isName = text.withBytes { raw in
            guard rule.accepts(raw) else { return false }
            topic.append(contentsOf: raw)
            return true
        }
        guard isName else {
            throw JSONError(.invalidName, at: bytes.offset(of: text), field: "\(key.wireName)")
        }
    }
}
