// The pipes of strategies in processes of their own, as descriptors that the bus polls. What comes is only
// taken in; the next turn of the bus goes on with it.

import Messaging
import StrategyHost

/// Confined to the bus thread.
final class ProcessWatch {
    private struct Watched {
        unowned let process: ProcessInstance
        let tokens: [Bus.Token]
        let sending: Bus.Token
        var isSending = false
    }

    private let bus: Bus
    private var watched: [ObjectIdentifier: Watched] = [:]

    init(_ bus: Bus) { self.bus = bus }

    /// Watches a strategy's process until it ends; does nothing for a strategy without one.
    func add(_ strategy: HostedStrategy) {
        guard let process = strategy.process, let channel = process.channel, process.failure == nil else {
            return
        }
        let tokens = [channel.answers, channel.prints].map { descriptor in
            bus.watch(descriptor: descriptor) { [unowned process] _ in process.receive() }
        }
        let sending = bus.watch(descriptor: channel.input, for: []) { [unowned process] _ in
            process.channel?.flush()
        }
        let key = ObjectIdentifier(process)
        watched[key] = Watched(process: process, tokens: tokens, sending: sending)
        process.onEnd = { [weak self] in self?.remove(key) }
    }

    /// Waits for those that have not taken all that they were sent. Call after each turn.
    func turn() {
        for (key, entry) in watched {
            let hasUnsent = entry.process.channel?.hasUnsent ?? false
            guard hasUnsent != entry.isSending else { continue }
            watched[key]?.isSending = hasUnsent
            bus.setInterest(hasUnsent ? .writable : [], of: entry.sending)
        }
    }

    /// The descriptors are about to be closed.
    private func remove(_ key: ObjectIdentifier) {
        guard let entry = watched.removeValue(forKey: key) else { return }
        for token in entry.tokens { bus.unwatch(token) }
        bus.unwatch(entry.sending)
    }
}
