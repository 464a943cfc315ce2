// The one table of simulation settings. Flags, configuration files, the journal's session record and the
// database all read and write settings through it, so that they cannot differ in name, default or range.

import Contracts

/// One setting: how it is called, what it means, what may stand there.
package struct SettingField: Sendable {
    package enum Kind: Sendable, Equatable {
        /// A decimal with at most eight decimals.
        case amount
        /// As `amount`, or `none`.
        case optionalAmount
        /// A whole number, or `none`.
        case optionalCount
        /// Milliseconds with at most three decimals.
        case milliseconds
        /// `true` or `false`.
        case flag
        /// One of these words.
        case choice([String])
        /// A short word.
        case code
    }

    /// `snake_case`; a flag writes it with dashes.
    package let name: String
    package let kind: Kind
    /// One line for a person, with the unit.
    package let help: String
    /// What may stand there, as the end of a sentence.
    package let allowed: String
    /// The canonical text of the value.
    let read: @Sendable (SessionSettings) -> String
    /// Sets it from text; false when the text is not allowed.
    let write: @Sendable (inout SessionSettings, String) -> Bool

    /// The canonical text of the default.
    package var defaultValue: String { read(SessionSettings()) }
}

/// What an absent limit is called.
private let absent = "none"

extension SessionSettings {
    /// Settings from texts; those not named keep their defaults. A name given twice takes the last value.
    ///
    /// - Throws: every problem at once, an unknown name among them.
    package init(fields texts: [(String, String)]) throws(SettingsError) {
        self.init()
        var problems: [SettingsError.Problem] = []
        for (name, value) in texts {
            guard let field = Self.fields.first(where: { $0.name == name }) else {
                let names = Self.fields.map(\.name).joined(separator: ", ")
                problems.append(.init(name: name, value: value, allowed: "one of the settings \(names)"))
                continue
            }
            if !field.write(&self, value) {
                problems.append(.init(name: name, value: value, allowed: field.allowed))
            }
        }
        if !problems.isEmpty { throw SettingsError(problems: problems) }
    }

    /// Every setting with its canonical text, in the order of the table; without those that are younger than
    /// the first sessions and say nothing, so that old sessions keep their terms.
    package var fields: [(name: String, value: String)] {
        Self.fields.map { ($0.name, $0.read(self)) }.filter { $0 != (Self.ordersFromName, absent) }
    }

    private static let ordersFromName = "orders_from"

    package static let fields: [SettingField] = [
        amount("cash", "what the account starts with", \.cash, least: 0),
        SettingField(
            name: "currency", kind: .code, help: "currency of the account",
            allowed: "2 to 8 capital letters",
            read: { $0.currency.description },
            write: { settings, text in
                let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
                guard (2...8).contains(text.utf8.count), text.utf8.allSatisfy(letters.contains),
                    let code = ShortCode(text)
                else { return false }
                settings.currency = code
                return true
            }),
        choice("fee", "how a fill is charged", \.fee),
        amount("fee_per_share", "money for one share, with fee per-share", \.feePerShare, least: 0),
        amount("fee_minimum", "least fee of one fill, with fee per-share", \.feeMinimum, least: 0),
        amount(
            "fee_per_value", "millionths of the value, with fee per-value", \.feePerValue, least: 0,
            greatest: 1_000_000 * unitsPerOne),
        latencyField,
        SettingField(
            name: "short", kind: .flag, help: "whether a position may become short",
            allowed: "true or false", read: { $0.short ? "true" : "false" },
            write: { settings, text in
                guard let value = Bool(text) else { return false }
                settings.short = value
                return true
            }),
        amount(
            "slippage", "price of one unit, against the trader, on fills that take liquidity", \.slippage,
            least: 0),
        choice("fill", "whether displayed sizes limit a fill", \.fill),
        limit("max_position", "largest position of a symbol, long or short", \.maxPosition),
        limit("max_notional", "largest value of one order", \.maxNotional),
        limit("max_order_quantity", "largest quantity of one order", \.maxOrderQuantity),
        SettingField(
            name: "order_rate", kind: .optionalCount,
            help: "submits and replaces within a second of market time",
            allowed: "a whole number from 1 to \(OrderRate.largest), or \(absent)",
            read: { settings in settings.orderRate.map { String($0) } ?? absent },
            write: { settings, text in
                if text == absent {
                    settings.orderRate = nil
                    return true
                }
                guard let value = Int(text), (1...OrderRate.largest).contains(value) else { return false }
                settings.orderRate = value
                return true
            }),
        SettingField(
            name: ordersFromName, kind: .optionalCount,
            help: "first market event whose orders are taken; `strategies add` sets it after a warm-up",
            allowed: "the number of a market event, or \(absent)",
            read: { $0.ordersFrom == 0 ? absent : String($0.ordersFrom) },
            write: { settings, text in
                guard let value = text == absent ? 0 : UInt64(text), text != "0" else { return false }
                settings.ordersFrom = value
                return true
            }),
    ]

    /// A day: enough for any market, and far from the ends of time.
    private static let largestLatency: Int64 = 86_400_000_000

    private static let latencyField = SettingField(
        name: "latency", kind: .milliseconds, help: "milliseconds between a decision and the market",
        allowed: "milliseconds from 0 to 86400000 with at most 3 decimals",
        // Whole microseconds are thousandths of a millisecond, so the text goes through an amount in 1e-8.
        read: { canonicalDecimal($0.latencyMicroseconds * 100_000) },
        write: { settings, text in
            guard let units = amountUnits(text), units >= 0, units % 100_000 == 0,
                units / 100_000 <= largestLatency
            else { return false }
            settings.latencyMicroseconds = units / 100_000
            return true
        })

    private static func amount<Value: FixedPoint>(
        _ name: String, _ help: String, _ path: any WritableKeyPath<SessionSettings, Value> & Sendable,
        least: Int64, greatest: Int64 = .max
    ) -> SettingField {
        let to = greatest == .max ? "92233720368.54775807" : canonicalDecimal(greatest)
        return SettingField(
            name: name, kind: .amount, help: help,
            allowed: "a decimal from \(canonicalDecimal(least)) to \(to) with at most 8 decimals",
            read: { $0[keyPath: path].description },
            write: { settings, text in
                guard let units = amountUnits(text), units >= least, units <= greatest else { return false }
                settings[keyPath: path] = Value(units: units)
                return true
            })
    }

    private static func limit<Value: FixedPoint>(
        _ name: String, _ help: String, _ path: any WritableKeyPath<SessionSettings, Value?> & Sendable
    ) -> SettingField {
        SettingField(
            name: name, kind: .optionalAmount, help: help,
            allowed: "a decimal above 0 with at most 8 decimals, or \(absent)",
            read: { $0[keyPath: path]?.description ?? absent },
            write: { settings, text in
                if text == absent {
                    settings[keyPath: path] = nil
                    return true
                }
                guard let units = amountUnits(text), units > 0 else { return false }
                settings[keyPath: path] = Value(units: units)
                return true
            })
    }

    private static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ help: String, _ path: any WritableKeyPath<SessionSettings, Value> & Sendable
    ) -> SettingField {
        let words = Value.allCases.map(\.rawValue)
        return SettingField(
            name: name, kind: .choice(words), help: help, allowed: words.joined(separator: " or "),
            read: { $0[keyPath: path].rawValue },
            write: { settings, text in
                guard let value = Value(rawValue: text) else { return false }
                settings[keyPath: path] = value
                return true
            })
    }
}
