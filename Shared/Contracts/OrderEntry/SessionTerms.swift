/// What a session is made of: journalled with its first record, compared at every attach, and all that
/// `verify` needs to run it again.
public struct SessionTerms: Sendable, Equatable {
    /// A name with its value as canonical text.
    public struct Setting: Sendable, Equatable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var strategyID: String
    public var pluginID: String
    public var pluginVersion: String
    /// SHA-256 of the plugin's file in hex; empty when it has none.
    public var pluginSHA256: String
    public var symbols: [String]
    /// Every parameter, defaults included, in the order the plugin declares them.
    public var parameters: [Setting]
    /// Every simulation setting, in the order of the settings table.
    public var simulation: [Setting]
    /// What the strategy sees before its orders are taken: "events=50", "seconds=3600", or nothing.
    public var warmUp: String
    /// First market event of the session.
    public var start: UInt64
    /// Epoch of the market data journal; the simulator fills it in.
    public var marketDataEpoch: String

    public init(
        strategyID: String, pluginID: String, pluginVersion: String, pluginSHA256: String, symbols: [String],
        parameters: [Setting], simulation: [Setting], warmUp: String = "", start: UInt64 = 1,
        marketDataEpoch: String = ""
    ) {
        self.strategyID = strategyID
        self.pluginID = pluginID
        self.pluginVersion = pluginVersion
        self.pluginSHA256 = pluginSHA256
        self.symbols = symbols
        self.parameters = parameters
        self.simulation = simulation
        self.warmUp = warmUp
        self.start = start
        self.marketDataEpoch = marketDataEpoch
    }

    /// Writes the fields of the session object, which the caller has opened.
    public func writeFields(into writer: inout JSONWriter) {
        writer.field("strategy_id", strategyID)
        writer.beginObject("plugin")
        writer.field("id", pluginID)
        writer.field("version", pluginVersion)
        writer.field("sha256", pluginSHA256)
        writer.endObject()
        writer.beginArray("symbols")
        for symbol in symbols { writer.value(symbol) }
        writer.endArray()
        Self.write(parameters, as: "parameters", into: &writer)
        Self.write(simulation, as: "simulation", into: &writer)
        if !warmUp.isEmpty { writer.field("warm_up", warmUp) }
        writer.field("start", start)
        writer.field("market_data_epoch", marketDataEpoch)
    }

    static func write(_ settings: [Setting], as name: StaticString, into writer: inout JSONWriter) {
        writer.beginObject(name)
        for setting in settings {
            writer.key(setting.name)
            writer.value(setting.value)
        }
        writer.endObject()
    }

    /// Reads a session object; fields of an envelope around them are passed over.
    public init(_ json: JSONValue) throws(JSONValueError) {
        strategyID = try json.string("strategy_id")
        let plugin = JSONValue.object(try json.object("plugin"))
        pluginID = try plugin.string("id")
        pluginVersion = try plugin.string("version")
        pluginSHA256 = try plugin.string("sha256")
        symbols = try json.array("symbols").compactMap(\.asString)
        parameters = Self.settings(try json.object("parameters"))
        simulation = Self.settings(try json.object("simulation"))
        warmUp = json["warm_up"]?.asString ?? ""
        start = try json.unsigned("start")
        marketDataEpoch = try json.string("market_data_epoch")
    }

    static func settings(_ members: [JSONValue.Member]) -> [Setting] {
        members.compactMap { member in member.value.asString.map { Setting(member.name, $0) } }
    }

    /// The first difference to other terms of the same strategy, as "name: here, there"; nil when they agree.
    /// The plugin's file may change between versions of the platform, so its hash is not compared.
    public func firstDifference(to other: SessionTerms) -> String? {
        if pluginID != other.pluginID { return "plugin: \(pluginID), \(other.pluginID)" }
        if symbols != other.symbols {
            return "symbols: \(symbols.joined(separator: "+")), \(other.symbols.joined(separator: "+"))"
        }
        if warmUp != other.warmUp { return "warm_up: \(warmUp), \(other.warmUp)" }
        for (mine, theirs) in [(parameters, other.parameters), (simulation, other.simulation)] {
            for setting in mine {
                let there = theirs.first { $0.name == setting.name }?.value ?? "nothing"
                if setting.value != there { return "\(setting.name): \(setting.value), \(there)" }
            }
            for setting in theirs where !mine.contains(where: { $0.name == setting.name }) {
                return "\(setting.name): nothing, \(setting.value)"
            }
        }
        return nil
    }
}
