// The hours of an instrument inside its event.

extension TradingSession {
    private enum Key: UInt8, WireNamed {
        case timeZone, open, close
        static let table = KeyTable<Key>()
        var wireName: StaticString {
            switch self {
            case .timeZone: "time_zone"
            case .open: "open"
            case .close: "close"
            }
        }
    }

    init(reading reader: inout JSONReader) throws(JSONError) {
        self.init(timeZone: "", open: "", close: "")
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope, of: Key.table) {
            switch key {
            case .timeZone: timeZone = try reader.string().string
            case .open: open = try reader.timeOfDay("open")
            case .close: close = try reader.timeOfDay("close")
            }
        }
        for key in Key.allCases where !scope.has(key) {
            throw JSONError(.missingField, at: reader.offset, field: "session.\(key.wireName)")
        }
    }
}

extension JSONReader {
    /// `HH:MM`, 00:00 to 24:00.
    fileprivate mutating func timeOfDay(_ field: StaticString) throws(JSONError) -> String {
        let start = bytes.skipSpace(offset)
        let text = try string().string
        let digits = text.utf8.map { Int($0) - 0x30 }
        guard digits.count == 5, digits[2] == 10, [0, 1, 3, 4].allSatisfy({ (0...9).contains(digits[$0]) }),
            digits[3] < 6, (digits[0] * 10 + digits[1]) * 60 + digits[3] * 10 + digits[4] <= 24 * 60
        else { throw JSONError(.unexpectedValue, at: start, field: "session.\(field)") }
        return text
    }
}
