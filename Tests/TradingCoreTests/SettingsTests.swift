import Contracts
import Testing

@testable import TradingCore

@Suite struct SettingsTests {
    @Test func `the defaults are those of the contract`() {
        let texts = SessionSettings().fields.map { "\($0.name)=\($0.value)" }
        #expect(
            texts == [
                "cash=100000", "currency=USD", "fee=per-share", "fee_per_share=0.005", "fee_minimum=1",
                "fee_per_value=1000", "latency=0", "short=true", "slippage=0", "fill=displayed",
                "max_position=none", "max_notional=none", "max_order_quantity=none", "order_rate=none",
            ])
        // The last is left out where it says nothing.
        let defaults = SessionSettings.fields.map(\.defaultValue)
        #expect(defaults.dropLast() == SessionSettings().fields.map(\.value)[...])
        #expect(defaults.last == "none")
    }

    @Test func `settings survive their texts`() throws {
        let texts = [
            ("cash", "2500.5"), ("currency", "EUR"), ("fee", "per-value"), ("fee_per_share", "0.01"),
            ("fee_minimum", "0"), ("fee_per_value", "12.5"), ("latency", "1.25"), ("short", "false"),
            ("slippage", "0.02"), ("fill", "touch"), ("max_position", "100"), ("max_notional", "1000"),
            ("max_order_quantity", "10"), ("order_rate", "5"), ("orders_from", "77"),
        ]
        let settings = try SessionSettings(fields: texts)
        #expect(settings.latencyMicroseconds == 1250)
        #expect(settings.fields.map(\.name) == texts.map(\.0))
        #expect(settings.fields.map(\.value) == texts.map(\.1))
        #expect(try SessionSettings(fields: settings.fields.map { ($0.name, $0.value) }) == settings)
        #expect(try SessionSettings(fields: [("order_rate", "none"), ("max_position", "none")]) == .init())
    }

    @Test func `all problems are named at once, in order`() {
        let texts = [
            ("cash", "-1"), ("currency", "usd"), ("fee", "free"), ("latency", "0.0001"), ("latency", "-1"),
            ("latency", "86400001"), ("short", "yes"), ("slippage", "1e2"), ("fill", ""),
            ("max_position", "0"), ("order_rate", "10001"), ("order_rate", "0"), ("leverage", "2"),
            ("fee_per_value", "1000000.1"), ("orders_from", "0"), ("orders_from", "-1"),
        ]
        #expect {
            try SessionSettings(fields: texts)
        } throws: { error in
            guard let error = error as? SettingsError else { return false }
            return error.problems.map { "\($0.name)=\($0.value)" } == texts.map { "\($0.0)=\($0.1)" }
                && error.description.contains("fill \"\" is not allowed: use displayed or touch")
        }
    }

    @Test(arguments: [
        ("0", 0), ("1", 100_000_000), ("-1.5", -150_000_000), ("0.00000001", 1), ("1.000000000", 100_000_000),
        ("92233720368.54775807", Int64.max), ("00.5", 50_000_000),
    ])
    func `an amount in text`(text: String, units: Int64) { #expect(amountUnits(text) == units) }

    @Test(arguments: [
        "", "-", ".", ".5", "5.", "1e2", "+1", "1,5", " 1", "0.000000001", "92233720368.54775808", "--1",
        "1.2.3",
        "99999999999999999999999999999999999999999999999", "١",
    ])
    func `not an amount`(text: String) { #expect(amountUnits(text) == nil) }
}
