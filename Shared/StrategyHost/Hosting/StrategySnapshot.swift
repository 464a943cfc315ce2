// A strategy's snapshot as it is kept for whoever runs the strategy next.

import Contracts
import TradingCore

/// Bytes of a strategy at a position of its session.
package struct StrategySnapshot: Sendable, Equatable {
    /// The largest that is kept: a strategy that needs more is rebuilt by replay.
    package static let maximumBytes = 4 << 20

    package let strategyID: String
    /// Where the strategy stood.
    package let position: Progress
    /// Which session it belongs to, see `SessionTerms.snapshotKey`.
    package let key: UInt64
    /// For `HostedStrategy`.
    package let state: [UInt8]

    package init(strategyID: String, position: Progress, key: UInt64, state: [UInt8]) {
        self.strategyID = strategyID
        self.position = position
        self.key = key
        self.state = state
    }

    /// The stored form.
    package var bytes: [UInt8] {
        var writer = StateWriter()
        writer.put(strategyID)
        for number in [position.event, position.report, position.command] { writer.put(number) }
        writer.put(bits: key)
        writer.put(state)
        return SnapshotFrame.wrap(writer.bytes)
    }

    /// From the stored form.
    ///
    /// - Throws: why it cannot be used, as the end of a sentence.
    package init(bytes: [UInt8]) throws(SnapshotFrame.Refusal) {
        var reader = StateReader(try SnapshotFrame.unwrap(bytes))
        do throws(StateError) {
            strategyID = try reader.take(String.self)
            position = Progress(
                event: try reader.take(), report: try reader.take(), command: try reader.take())
            key = try reader.takeBits()
            state = try reader.takeBytes()
            guard reader.isAtEnd else { throw StateError() }
        } catch {
            throw SnapshotFrame.Refusal("is damaged: it cannot be read")
        }
    }
}

extension SessionTerms {
    /// What a snapshot of the strategy belongs to: these terms, this file of the plugin, these market data.
    package func snapshotKey(marketDataEpoch epoch: String) -> UInt64 {
        var terms = self
        terms.marketDataEpoch = epoch
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        terms.writeFields(into: &writer)
        writer.endObject()
        var digest = Digest()
        digest.add(writer.string)
        return digest.value
    }
}
