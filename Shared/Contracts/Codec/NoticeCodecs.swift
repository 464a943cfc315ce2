// Heartbeats, performance updates and dead-letter notices: events that are not journalled.

extension Heartbeat {
    /// Appends the whole event. It has no `seq` and no `prev`.
    public func encode(header: EnvelopeHeader, publishedAt: Timestamp, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", word: "heartbeat")
        writer.field("version", contractVersion)
        writer.field("source", header.source)
        writer.field("epoch", header.epoch)
        writer.field("published_at", publishedAt)
        writer.field("first", first)
        writer.field("last", last)
        writer.beginObject("topics")
        for topic in topics {
            writer.key(topic.topic)
            writer.value(topic.seq)
        }
        writer.endObject()
        writer.endObject()
    }

    /// Decodes a heartbeat; `seq` and `prev` of its envelope are 0.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> (envelope: Envelope, heartbeat: Heartbeat) {
        let (envelope, heartbeat) = try decodeEvent(bytes) {
            (reader) throws(JSONError) -> (EventHead?, Heartbeat) in
            var beat = Heartbeat(first: 0, last: 0)
            let head = try reader.event("heartbeat", .unnumbered, of: Key.self) {
                (key, reader) throws(JSONError) in
                switch key {
                case .first: beat.first = try reader.unsigned()
                case .last: beat.last = try reader.unsigned()
                case .topics:
                    var scope = try reader.openObject()
                    while let topic = try reader.nextKey(in: &scope) {
                        beat.topics.append(TopicSeq(topic: topic.string, seq: try reader.unsigned()))
                    }
                }
            }
            return (head, beat)
        }
        return (envelope, heartbeat)
    }

    private enum Key: UInt8, EventKey {
        case first, last, topics
        static let keys = makeKeys()
        static var optional: [Self] { [] }
        var wireName: StaticString {
            switch self {
            case .first: "first"
            case .last: "last"
            case .topics: "topics"
            }
        }
    }
}

extension PerformanceEvent {
    /// Appends the whole event.
    public func encode(header: EnvelopeHeader, stamp: EventStamp, into writer: inout JSONWriter) {
        header.begin("performance", stamp, into: &writer)
        writer.field("strategy_id", strategyID)
        if let symbol { writer.field("symbol", symbol) }
        writer.field("period", period)
        writer.field("timestamp", timestamp)
        writer.field("currency", currency)
        writer.field("periods_per_year", periodsPerYear)
        writer.beginObject("metrics")
        for metric in metrics {
            writer.key(metric.name)
            if let value = metric.value { writer.value(double: value) } else { writer.null() }
        }
        writer.endObject()
        writer.endObject()
    }

    /// Decodes a whole event, its keys in any order.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> (envelope: Envelope, performance: PerformanceEvent) {
        let start = Timestamp(microseconds: 0)
        let (envelope, performance) = try decodeEvent(bytes) {
            (reader) throws(JSONError) -> (EventHead?, PerformanceEvent) in
            var event = PerformanceEvent(strategyID: "", period: "", timestamp: start, metrics: [])
            let head = try reader.event("performance", .whole, of: Key.self) {
                (key, reader) throws(JSONError) in
                switch key {
                case .strategyID: event.strategyID = try reader.nameString(.identifier, "strategy_id")
                case .symbol: event.symbol = try reader.nameString(.symbol, "symbol")
                case .period: event.period = try reader.string().string
                case .timestamp: event.timestamp = try reader.timestamp()
                case .currency: event.currency = try reader.string().string
                case .periodsPerYear: event.periodsPerYear = Int(clamping: try reader.unsigned())
                case .metrics: event.metrics = try readMetrics(&reader)
                }
            }
            return (head, event)
        }
        return (envelope, performance)
    }

    private static func readMetrics(_ reader: inout JSONReader) throws(JSONError) -> [Metric] {
        var metrics: [Metric] = []
        var scope = try reader.openObject()
        while let name = try reader.nextKey(in: &scope) {
            metrics.append(Metric(name.string, try reader.takesNull() ? nil : try reader.double()))
        }
        return metrics
    }

    private enum Key: UInt8, EventKey {
        case strategyID, symbol, period, timestamp, currency, periodsPerYear, metrics
        static let keys = makeKeys()
        static var optional: [Self] { [.symbol, .currency, .periodsPerYear] }
        var wireName: StaticString {
            switch self {
            case .strategyID: "strategy_id"
            case .symbol: "symbol"
            case .period: "period"
            case .timestamp: "timestamp"
            case .currency: "currency"
            case .periodsPerYear: "periods_per_year"
            case .metrics: "metrics"
            }
        }
    }
}

extension DeadLetterNotice {
    /// Appends the whole event.
    public func encode(header: EnvelopeHeader, stamp: EventStamp, into writer: inout JSONWriter) {
        header.begin("dead-letter", stamp, into: &writer)
        writer.field("id", id)
        writer.field("reason", reason)
        writer.field("sentence", sentence)
        writer.field("stage", stage)
        writer.field("count", count)
        writer.field("first_seen", firstSeen)
        writer.field("last_seen", lastSeen)
        writer.endObject()
    }

    /// Decodes a whole event, its keys in any order.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> (envelope: Envelope, notice: DeadLetterNotice) {
        let start = Timestamp(microseconds: 0)
        let (envelope, notice) = try decodeEvent(bytes) {
            (reader) throws(JSONError) -> (EventHead?, DeadLetterNotice) in
            var notice = DeadLetterNotice(
                id: "", reason: "", sentence: "", stage: "", count: 0, firstSeen: start, lastSeen: start)
            let head = try reader.event("dead-letter", .whole, of: Key.self) {
                (key, reader) throws(JSONError) in
                switch key {
                case .id: notice.id = try reader.string().string
                case .reason: notice.reason = try reader.nameString(.identifier, "reason")
                case .sentence: notice.sentence = try reader.string().string
                case .stage: notice.stage = try reader.string().string
                case .count: notice.count = try reader.unsigned()
                case .firstSeen: notice.firstSeen = try reader.timestamp()
                case .lastSeen: notice.lastSeen = try reader.timestamp()
                }
            }
            return (head, notice)
        }
        return (envelope, notice)
    }

    private enum Key: UInt8, EventKey {
        case id, reason, sentence, stage, count, firstSeen, lastSeen
        static let keys = makeKeys()
        static var optional: [Self] { [] }
        var wireName: StaticString {
            switch self {
            case .id: "id"
            case .reason: "reason"
            case .sentence: "sentence"
            case .stage: "stage"
            case .count: "count"
            case .firstSeen: "first_seen"
            case .lastSeen: "last_seen"
            }
        }
    }
}

extension JSONReader {
    /// The nearest `Double`, for metrics only; refused when it is beyond the largest.
    public mutating func double() throws(JSONError) -> Double {
        let start = bytes.skipSpace(offset)
        guard let value = Double(String(decoding: try number(), as: UTF8.self)), value.isFinite else {
            throw JSONError(.outOfRange, at: start)
        }
        return value
    }
}
