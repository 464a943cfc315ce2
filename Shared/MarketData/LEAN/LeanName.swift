// What a path in LEAN's folder layout says: asset class, market, resolution, symbol, day, kind of rows.
//
//   equity/usa/tick|second|minute/ibm/20131008_trade|quote.zip  equity/usa/hour|daily/aapl.zip
//   forex/oanda|fxcm/…/eurusd/20140506_quote.zip                forex/oanda|fxcm/hour|daily/eurusd.zip
//   crypto/coinbase/…/btcusd/20180404_trade|quote.zip           crypto/coinbase/hour|daily/btcusd_trade.zip
//
// A zip outside of these folders is known by its member when that says as much:
// `20131008_ibm_Quote_Tick.csv`.

import Contracts

/// How far apart rows are.
enum LeanResolution: String, Sendable, CaseIterable {
    case tick, second, minute, hour, daily

    /// Seconds of a bar; 0 for ticks.
    var seconds: UInt32 {
        switch self {
        case .tick: 0
        case .second: 1
        case .minute: 60
        case .hour: 3_600
        case .daily: 86_400
        }
    }

    /// One file holds one day; else all days.
    var isByDay: Bool { self != .hour && self != .daily }
}

/// What rows tell of.
enum LeanRowKind: String, Sendable {
    case trade, quote
}

/// What LEAN's market-hours database says of a market, as far as we need it.
struct LeanMarket: Sendable, Hashable {
    var assetClass: AssetClass
    /// `usa`, `oanda`, `coinbase` …
    var name: String

    /// The zone that rows are written in (`dataTimeZone`): equities New York; forex UTC, but fxcm UTC−5;
    /// crypto UTC.
    var zone: DataZone {
        switch assetClass {
        case .equity: .newYork
        case .forex: name == "fxcm" ? .fixed(minutes: -300) : .utc
        case .crypto: .utc
        }
    }

    /// 10^this turns a price as written into units of 1e-8: equity prices are written times 10,000.
    var priceShift: Int { assetClass == .equity ? 4 : 8 }

    /// `equity/usa`.
    var folder: String { "\(assetClass.rawValue)/\(name)" }
}

/// A file's name, understood.
struct LeanName: Sendable, Equatable {
    var market: LeanMarket
    var resolution: LeanResolution
    var kind: LeanRowKind
    /// Upper case.
    var symbol: String
    /// Nil for hour and daily files.
    var day: CivilDay?
    /// The path from the asset class on, lower case.
    var relativePath: String

    /// Nil when the path is not one of LEAN's.
    init?(path: String) {
        let parts = path.lowercased().split(separator: "/").map(String.init)
        guard let file = parts.last, file.hasSuffix(".zip") else { return nil }
        let stem = String(file.dropLast(4))
        if let named = Self.byDay(parts, stem) ?? Self.allDays(parts, stem) {
            self = named
        } else {
            return nil
        }
    }

    private init?(
        _ asset: String, _ market: String, _ resolution: LeanResolution, _ kind: LeanRowKind, symbol: String,
        day: CivilDay?, relativePath: String
    ) {
        guard let assetClass = AssetClass(rawValue: asset), NameRule.symbol.accepts(symbol.utf8) else {
            return nil
        }
        // Other equity markets have hours and zones of their own, which we do not know.
        if assetClass == .equity && market != "usa" { return nil }
        if assetClass == .forex && kind == .trade { return nil }
        if assetClass == .equity && !resolution.isByDay && kind == .quote { return nil }
        self.market = LeanMarket(assetClass: assetClass, name: market)
        self.resolution = resolution
        self.kind = kind
        self.symbol = symbol.uppercased()
        self.day = day
        self.relativePath = relativePath
    }

    private static func byDay(_ parts: [String], _ stem: String) -> LeanName? {
        let words = stem.split(separator: "_").map(String.init)
        guard parts.count >= 5, words.count == 2, words[0].utf8.count == 8, let day = CivilDay(words[0]),
            let kind = LeanRowKind(rawValue: words[1])
        else { return nil }
        let tail = parts.suffix(5).map { $0 }
        guard let resolution = LeanResolution(rawValue: tail[2]), resolution.isByDay else { return nil }
        return LeanName(
            tail[0], tail[1], resolution, kind, symbol: tail[3], day: day,
            relativePath: tail.joined(separator: "/"))
    }

    private static func allDays(_ parts: [String], _ stem: String) -> LeanName? {
        guard parts.count >= 4 else { return nil }
        let tail = parts.suffix(4).map { $0 }
        guard let resolution = LeanResolution(rawValue: tail[2]), !resolution.isByDay else { return nil }
        var symbol = stem
        var kind: LeanRowKind = tail[0] == AssetClass.forex.rawValue ? .quote : .trade
        for suffix in [LeanRowKind.trade, .quote] where stem.hasSuffix("_" + suffix.rawValue) {
            symbol = String(stem.dropLast(6))
            kind = suffix
        }
        return LeanName(
            tail[0], tail[1], resolution, kind, symbol: symbol, day: nil,
            relativePath: tail.joined(separator: "/"))
    }

    /// From the member of a zip that lies elsewhere. Only equity ticks have names of their own;
    /// `…_minute_trade.csv` is written alike for every asset class, and forex does not name its market.
    init?(member: String) {
        let words = member.split(separator: "_").map(String.init)
        guard words.count == 4, words[3] == "Tick.csv",
            let kind = LeanRowKind(rawValue: words[2].lowercased()),
            words[2].first?.isUppercase == true, words[0].utf8.count == 8, let day = CivilDay(words[0])
        else { return nil }
        let symbol = words[1].lowercased()
        self.init(
            "equity", "usa", .tick, kind, symbol: symbol, day: day,
            relativePath: "equity/usa/tick/\(symbol)/\(words[0])_\(kind.rawValue).zip")
    }

    /// For sentences: what paths are understood.
    static let expected =
        "expected a LEAN path like equity/usa/tick/ibm/20131008_quote.zip, equity/usa/daily/aapl.zip, "
        + "forex/oanda/tick/eurusd/20140506_quote.zip or crypto/coinbase/minute/btcusd/20180404_trade.zip"
}
