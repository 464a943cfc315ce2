/// What a strategy asks of its session, numbered 1, 2, 3 … in the strategy whatever its kind.
///
/// A command carries the position at which it was decided, so the session can run it at the same point of the
/// market data wherever and whenever it is run again.
public struct Command: Sendable, Equatable {
    public enum Action: UInt8, WireNamed {
        case submit, replace, cancel
        /// An input from outside; it has a wire form of its own (`InputCodec`).
        case input
        /// What a strategy itself can ask.
        public static var allCases: [Action] { [.submit, .replace, .cancel] }
        public static var firstWithoutName: UInt8 { Action.input.rawValue }
        public var wireName: StaticString {
            switch self {
            case .submit: "submit"
            case .replace: "replace"
            case .cancel: "cancel"
            case .input: "input"
            }
        }
    }

    public var action: Action
    /// 1, 2, 3 … in the strategy.
    public var number: UInt64
    /// The order it is about: its own number for a submit.
    public var order: UInt64
    /// Last market event the strategy had handled when it decided; 0 before the first.
    public var afterEvent: UInt64 = 0
    /// Last report the strategy had handled when it decided; 0 before the first.
    public var afterReport: UInt64 = 0
    /// Session time of the decision; active at this plus the latency.
    public var decided = Timestamp(microseconds: 0)
    public var symbol: SymbolIndex
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    /// Of a submit or replace; zero for a cancel.
    public var quantity: Quantity
    /// Limit price; zero where the type has none.
    public var price: Price
    /// Trigger of a stop; zero where the type has none.
    public var stopPrice: Price
    /// Of an input from outside, which has neither order nor symbol; nil for all other commands.
    public var input: StrategyInput?

    public init(
        action: Action, number: UInt64, order: UInt64, symbol: SymbolIndex, side: Side = .buy,
        type: OrderType = .market, timeInForce: TimeInForce = .gtc, quantity: Quantity = .zero,
        price: Price = .zero, stopPrice: Price = .zero
    ) {
        self.action = action
        self.number = number
        self.order = order
        self.symbol = symbol
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.price = price
        self.stopPrice = stopPrice
        input = nil
    }
}
