// Any tool behind the simulator: subscribes to trades and notes when each arrived, on the wall clock of this
// machine, for `run.py` to hold against `published_at` of the tick at that market time. Prints one line a
// trade when its standard input ends, or after so many seconds: receipt and market time in microseconds,
// strategy.

import Contracts
import Foundation
import ZeroMQ

enum TradeObserver {
    static func run(_ arguments: [String]) throws {
        let end = Stopwatch.clock(CLOCK_MONOTONIC) + Int64(try number(arguments[1])) * 1_000_000_000
        let context = try Context()
        let socket = try context.socket(.sub)
        try socket.set(.receiveHighWaterMark, 0)
        try socket.set(.subscribe, Array("trade/".utf8))
        try socket.connect(arguments[0])
        var seen: [(received: Int64, json: [UInt8])] = []
        let topic = Message()
        let json = Message()
        let polls = PollSet()
        polls.add(socket, for: .readable)
        polls.add(descriptor: 0, for: .readable)
        print("ready")
        fflush(nil)
        while Stopwatch.clock(CLOCK_MONOTONIC) < end {
            _ = polls.wait(milliseconds: 100)
            while socket.receive(into: topic) == .done {
                guard topic.hasMore, socket.receive(into: json) == .done else { continue }
                seen.append((Stopwatch.clock(CLOCK_REALTIME) / 1_000, json.array))
            }
            if polls.readiness(at: 1) != [] { break }
        }
        socket.close()
        context.terminate()
        for item in seen {
            let (_, trade) = try item.json.withUnsafeBytes { try TradeEvent.decode($0) }
            print(item.received, trade.timestamp.microseconds, trade.strategyID)
        }
    }
}
