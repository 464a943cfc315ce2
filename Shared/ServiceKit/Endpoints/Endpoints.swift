// Where the services of one stack listen. The table of endpoints.json: written by `up`, read by every other
// command with `--data-dir`. Keys are the names of the settings.

/// All endpoints of one stack.
package struct Endpoints: Equatable, Sendable {
    package var marketData = "tcp://127.0.0.1:5550"
    package var marketDataReplay = "tcp://127.0.0.1:5551"
    package var orderEntry = "tcp://127.0.0.1:5560"
    package var trades = "tcp://127.0.0.1:5561"
    package var tradeReplay = "tcp://127.0.0.1:5562"
    package var performance = "tcp://127.0.0.1:5570"
    package var ingest = "tcp://127.0.0.1:5571"
    package var gatewayHealth = "http://127.0.0.1:9101"
    package var simulatorHealth = "http://127.0.0.1:9102"
    package var trackerHealth = "http://127.0.0.1:9103"
    /// Of the runners in their order; empty until they are known.
    package var runnerHealth: [String] = []

    /// The defaults.
    package init() {}

    /// The market data port that all other ports keep their distance from.
    package static let standardBasePort = 5550
    /// Runner `n` listens at this port + n, or the next free one.
    package static let firstRunnerHealthPort = 9110
    /// The longest path of an ipc socket; the system's limit is 107 on Linux and 103 elsewhere.
    package static let maximumSocketPathBytes = 100

    /// The endpoints by name, in the order of the design's table; runners last.
    package var named: [(name: String, endpoint: String)] {
        Self.fields.map { ($0.name, self[keyPath: $0.field]) }
            + runnerHealth.enumerated().map { ("runner-\($0)-health-endpoint", $1) }
    }

    /// The health endpoint that runner `number` tries first.
    package func firstHealthEndpoint(ofRunner number: Int) -> String {
        let shift = (HTTPAddress(gatewayHealth)?.port ?? 9101) - 9101
        return HTTPAddress(port: min(65_535, Self.firstRunnerHealthPort + shift + number)).description
    }

    /// The fields by name, in the order of the design's table.
    static var fields: [(name: String, field: WritableKeyPath<Endpoints, String>)] {
        [
            ("market-data-endpoint", \.marketData), ("market-data-replay-endpoint", \.marketDataReplay),
            ("order-entry-endpoint", \.orderEntry), ("trades-endpoint", \.trades),
            ("trade-replay-endpoint", \.tradeReplay), ("performance-endpoint", \.performance),
            ("ingest-endpoint", \.ingest), ("gateway-health-endpoint", \.gatewayHealth),
            ("simulator-health-endpoint", \.simulatorHealth), ("tracker-health-endpoint", \.trackerHealth),
        ]
    }
}
