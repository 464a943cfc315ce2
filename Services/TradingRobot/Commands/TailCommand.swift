// `trading-robot tail TOPIC`: what is being published now, one message a line, topic and JSON.

import Contracts
import Foundation
import Messaging
import ServiceKit

private let count = Setting<Int>(
    "count", default: 0, placeholder: "N", help: "End after so many messages; 0: never.",
    allowed: Setting<Int>.within(0...Int.max))

let tailCommand = Command(
    "tail", "Prints messages as they are published: a topic prefix such as trade/ or tick/IBM/.",
    settings: [
        CommonSettings.dataDirectory.declaration, count.declaration, StackSettings.marketData.declaration,
        StackSettings.trades.declaration, StackSettings.performance.declaration,
    ],
    operands: [
        Operand(
            "TOPIC",
            help: "A topic prefix: tick/, bar/, order/, trade/, equity/, performance/, dead-letter/ …")
    ]
) { context in
    let topic = context.operands[0]
    let (setting, field): (Setting<String>, KeyPath<Endpoints, String>) =
        switch topic.prefix(while: { $0 != "/" }) {
        case "order", "trade", "equity": (StackSettings.trades, \.trades)
        case "performance", "dead-letter": (StackSettings.performance, \.performance)
        default: (StackSettings.marketData, \.marketData)
        }
    // Services that `up` did not start are where somebody says; the others where their folder says.
    let endpoint =
        try context.settings.isGiven(setting)
        ? context.settings[setting]
        : Endpoints(dataDirectory: context.settings[CommonSettings.dataDirectory])[keyPath: field]
    let bus = try Bus()
    context.stop.onStop { bus.stop() }
    let limit = context.settings[count]
    try await bus.runOnThread { bus in
        let printer = TailPrinter(bus: bus, limit: limit)
        var configuration = SubscriberConfiguration(endpoint: endpoint, replayEndpoint: nil)
        configuration.prefixes = [Array(topic.utf8)]
        configuration.acceptsNewEpochs = true
        let subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: printer)
        printer.subscriber = subscriber
        bus.timer(after: .seconds(2)) { [unowned subscriber] in
            guard subscriber.header == nil else { return }
            writeToStandardError("Nothing is heard at \(endpoint) yet; does the stack run?\n")
        }
        // The hook keeps the printer as long as the bus runs.
        bus.onStop { printer.subscriber = nil }
    }
    return .done
}

private final class TailPrinter: FeedReceiver {
    var subscriber: Subscriber?
    private let bus: Bus
    private let limit: Int
    private var printed = 0

    init(bus: Bus, limit: Int) {
        self.bus = bus
        self.limit = limit
    }

    func deliver(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, seq: UInt64) {
        guard limit == 0 || printed < limit else { return }
        let line = String(decoding: topic, as: UTF8.self) + " " + String(decoding: json, as: UTF8.self) + "\n"
        printed += 1
        if !writeToStandardOutput(line) || printed == limit { bus.stop() }
    }

    func stopped(_ failure: FeedFailure) {
        writeToStandardError("trading-robot tail: \(failure)\n")
        bus.stop()
    }
}
