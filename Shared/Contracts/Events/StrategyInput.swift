/// What comes to a strategy from outside: an operator's wish, or a stop because the strategy failed.
///
/// It is a command of the strategy like its orders: numbered with them, made at a position, journalled before
/// anybody is answered, and acknowledged by a report without an order. Whoever runs the session again applies
/// it at its number and position. Immutable, and one pointer in a `Command`, because most commands have none.
public final class StrategyInput: Sendable {
    public enum Kind: UInt8, WireNamed {
        /// Working orders are cancelled and later commands rejected; the strategy goes on seeing the market.
        case pause
        /// Lifts a pause and a halt.
        case resume
        /// The same plugin goes on with other parameters.
        case set
        /// Another plugin goes on.
        case swap
        /// The version before the last `set` or `swap` goes on: the new one failed.
        case revert
        /// The strategy failed and is not called any more. Working orders are cancelled.
        case stop
        /// A fresh instance begins here, knowing its orders and trades but no market data.
        case restart

        public var wireName: StaticString {
            switch self {
            case .pause: "pause"
            case .resume: "resume"
            case .set: "set"
            case .swap: "swap"
            case .revert: "revert"
            case .stop: "stop"
            case .restart: "restart"
            }
        }
    }

    /// How a new version came to its state.
    public enum Beginning: UInt8, WireNamed {
        /// From the state of the version before it.
        case snapshot
        /// It has seen the whole session, its orders not being taken.
        case replay

        public var wireName: StaticString { self == .snapshot ? "snapshot" : "replay" }
    }

    /// A plugin with its parameters.
    public struct Version: Sendable, Equatable {
        public var pluginID: String
        public var pluginVersion: String
        public var pluginSHA256: String
        /// Every parameter, defaults included.
        public var parameters: [SessionTerms.Setting]
        public var warmUp: String

        public init(
            pluginID: String, pluginVersion: String, pluginSHA256: String,
            parameters: [SessionTerms.Setting], warmUp: String
        ) {
            self.pluginID = pluginID
            self.pluginVersion = pluginVersion
            self.pluginSHA256 = pluginSHA256
            self.parameters = parameters
            self.warmUp = warmUp
        }
    }

    /// The same wish is never applied twice: this tells it.
    public let id: String
    public let kind: Kind
    /// Who or what wanted it, as a sentence; may be empty.
    public let reason: String
    /// Of `set`, `swap` and `restart`.
    public let version: Version?
    /// Of `set` and `swap`.
    public let beginning: Beginning
    /// Of `stop`, `revert` and `restart`: from this event and report on the version before it is not asked
    /// any more, and what it asked beyond the commands before this one does not count.
    public let sinceEvent: UInt64
    public let sinceReport: UInt64

    public init(
        id: String, kind: Kind, reason: String = "", version: Version? = nil,
        beginning: Beginning = .replay, sinceEvent: UInt64 = 0, sinceReport: UInt64 = 0
    ) {
        self.id = id
        self.kind = kind
        self.reason = reason
        self.version = version
        self.beginning = beginning
        self.sinceEvent = sinceEvent
        self.sinceReport = sinceReport
    }

    /// Whether another version acts from here on.
    public var changesVersion: Bool { kind == .set || kind == .swap || kind == .restart }
    /// Whether nobody acts from `sinceEvent` and `sinceReport` to where it takes effect.
    public var cutsOff: Bool { kind == .stop || kind == .revert || kind == .restart }
    /// Whether what the strategy was before it does not matter to what it is after it.
    public var isOrigin: Bool { kind == .stop || kind == .restart }
    /// Whether a rebuild must begin with the session: a version watches from there, or every report counts.
    public var needsBeginning: Bool { isOrigin || (changesVersion && beginning == .replay) }
}

extension StrategyInput: Equatable {
    public static func == (a: StrategyInput, b: StrategyInput) -> Bool {
        a.id == b.id && a.kind == b.kind && a.reason == b.reason && a.version == b.version
            && a.beginning == b.beginning && a.sinceEvent == b.sinceEvent && a.sinceReport == b.sinceReport
    }
}

extension SessionTerms {
    /// The terms with the plugin and the parameters of this version.
    public func with(_ version: StrategyInput.Version) -> SessionTerms {
        var terms = self
        terms.pluginID = version.pluginID
        terms.pluginVersion = version.pluginVersion
        terms.pluginSHA256 = version.pluginSHA256
        terms.parameters = version.parameters
        terms.warmUp = version.warmUp
        return terms
    }

    /// The version that these terms name.
    public var version: StrategyInput.Version {
        StrategyInput.Version(
            pluginID: pluginID, pluginVersion: pluginVersion, pluginSHA256: pluginSHA256,
            parameters: parameters, warmUp: warmUp)
    }
}
