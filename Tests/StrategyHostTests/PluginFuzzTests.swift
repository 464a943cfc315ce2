// Lines of a plugin with a few bytes changed. Whatever comes, the strategy goes on or is stopped with a
// sentence; an order that is placed is the one that the line says when another reader reads it.

import Contracts
import Foundation
import Testing

@testable import StrategyHost

@Suite struct PluginFuzzTests {
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ (state >> 29)) &* 0xbf58_476d_1ce4_e5b9
        }
    }

    private static let actions = [
        #"{"action":"submit","symbol":"A","side":"buy","quantity":100}"#,
        #"{"action":"submit","symbol":"B","side":"sell","order_type":"limit","price":1.82,"quantity_e8":5}"#,
        #"{"action":"submit","symbol":"A","side":"sell","order_type":"stop","stop_price":9,"quantity":0.5,"#
            + #""time_in_force":"ioc"}"#,
        #"{"action":"replace","order":1,"quantity":3,"price_e8":1000}"#,
        #"{"action":"cancel","order":1}"#, #"{"action":"timer","delay_us":1000}"#,
    ]

    private static func mutated(_ line: [UInt8], _ random: inout Seeded) -> [UInt8] {
        let spice = Array("{}[]\",:\\u0019eE+-.tfnx \u{0}/".utf8) + [0x80, 0xff]
        var bytes = line
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let byte = spice.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            case 3: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 4: bytes.removeLast(bytes.count - place)
            default:
                let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes.map { $0 == 0x0a ? 0x20 : $0 }
    }

    /// The orders in a line by Foundation's reader: symbol, side, type and quantity.
    private static func meant(_ line: [UInt8]) -> [String]? {
        guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
            return nil
        }
        return (object["actions"] as? [[String: Any]] ?? []).filter { $0["action"] as? String == "submit" }
            .map {
                let units = ($0["quantity_e8"] as? NSNumber)?.doubleValue
                let quantity = units ?? (($0["quantity"] as? NSNumber)?.doubleValue ?? 0) * 1e8
                let type = $0["order_type"] as? String ?? "market"
                return "\($0["symbol"] ?? "") \($0["side"] ?? "") \(type) \(String(format: "%.6g", quantity))"
            }
    }

    @Test("Mutated answers never end the host and never place an order that was not meant")
    func mutations() throws {
        let rounds = ProcessInfo.processInfo.environment["ROUNDS"].flatMap { Int($0) } ?? 20_000
        let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 7
        print("plugin lines: SEED=\(seed), \(rounds) rounds")
        var random = Seeded(state: seed)
        var peer = try PluginPeer(batch: 4)
        var (stopped, placed, seq) = (0, 0, UInt64(0))
        for round in 0..<rounds {
            seq += 1
            try peer.strategy.handle(quote(seq, at: Int64(seq) * 10))
            while peer.strategy.heldEvent != nil, !peer.strategy.isPending { try peer.strategy.sendHeld() }
            let id = peer.question()?["id"]?.asUnsigned ?? 0
            let chosen = (0..<Int.random(in: 0...2, using: &random)).compactMap { _ in
                Self.actions.randomElement(using: &random)
            }
            let answer = #"{"type":"done","id":\#(id),"actions":[\#(chosen.joined(separator: ","))]}"#
            let line = Self.mutated(Array(answer.utf8), &random)
            peer.say(line)
            do {
                try peer.take()
                let commands = peer.strategy.taken().filter { $0.action == .submit }
                placed += commands.count
                let made = commands.map {
                    let symbol = $0.symbol == SymbolIndex(3) ? "A" : "B"
                    let quantity = String(format: "%.6g", Double($0.quantity.units))
                    return "\(symbol) \($0.side) \($0.type) \(quantity)"
                }
                let text = String(decoding: line, as: UTF8.self)
                if !made.isEmpty { #expect(made == Self.meant(line), "round \(round): \(text)") }
                // An answer that is not whole, or orders that stay open: begin anew.
                if peer.strategy.isPending || peer.strategy.isBusy {
                    peer = try PluginPeer(batch: 4)
                    seq = 0
                }
            } catch is StrategyFailure {
                stopped += 1
                #expect(peer.strategy.taken().isEmpty, "a line that is refused places nothing")
                peer = try PluginPeer(batch: 4)
                seq = 0
            }
        }
        #expect(stopped > rounds / 4 && placed > 0, "\(stopped) stopped, \(placed) orders")
    }

    private static let lines = [
        #"{"type":"hello","protocol":1,"batch":4,"snapshots":true,"metadata":{"id":"peer","version":"1"}}"#,
        #"{"type":"done","id":ID}"#, #"{"type":"done","id":ID,"handled":1}"#,
        #"{"type":"done","id":ID,"state":"AQIDBAUGBwgJ"}"#,
        #"{"type":"done","id":ID,"handled":1,"actions":[{"action":"submit","symbol":"A","side":"buy","#
            + #""quantity":1e2}]}"#,
        #"{"type":"done","id":ID,"actions":[{"action":"timer","delay_us":5},{"action":"cancel","order":1}]}"#,
        #"{"type":"log","level":"warning","text":"words \u00e9 \ud83d\ude00"}"#,
        #"{"type":"failed","code":"failed","reason":"no more"}"#,
    ]

    /// Brings a plugin to one of the places at which it may be asked something, and says its id.
    private static func ask(_ peer: PluginPeer, _ random: inout Seeded, _ seq: inout UInt64) throws -> UInt64
    {
        if peer.strategy.isPending { return peer.question()?["id"]?.asUnsigned ?? 1 }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: try peer.strategy.wantState()
        case 1 where peer.strategy.unansweredCommands > 0 && peer.strategy.heldEvent == nil:
            try peer.strategy.handle(
                report(
                    peer.strategy.lastReport + 1, .filled, order: 1, after: peer.strategy.lastEvent,
                    at: Int64(peer.strategy.lastEvent) * 10, fill: 1, position: 1))
        default:
            seq += 1
            try peer.strategy.handle(quote(seq, at: Int64(seq) * 10))
            while peer.strategy.heldEvent != nil, !peer.strategy.isPending { try peer.strategy.sendHeld() }
        }
        return peer.question()?["id"]?.asUnsigned ?? 1
    }

    @Test("Mutated lines of every kind, at every question, stop one strategy or nothing")
    func everyKind() throws {
        let rounds = ProcessInfo.processInfo.environment["ROUNDS"].flatMap { Int($0) } ?? 20_000
        let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 11
        print("plugin lines of every kind: SEED=\(seed), \(rounds) rounds")
        var random = Seeded(state: seed)
        let witness = try HostedStrategy.scripted(ScriptedStrategy())
        var (stopped, went, seq) = (0, 0, UInt64(0))
        var peer = try PluginPeer(batch: 4, snapshots: true)
        for round in 1...rounds {
            let line: [UInt8]
            do {
                let id = try Self.ask(peer, &random, &seq)
                let text = (Self.lines.randomElement(using: &random) ?? "").replacing("ID", with: "\(id)")
                line =
                    Int.random(in: 0..<3, using: &random) == 0
                    ? Array(text.utf8) : Self.mutated(Array(text.utf8), &random)
                peer.say(line)
                try peer.take()
                went += 1
                let orders = peer.strategy.taken().count { $0.action == .submit }
                let meant = Self.meant(line)?.count ?? 0
                #expect(
                    orders == 0 || orders == meant, "round \(round): \(String(decoding: line, as: UTF8.self))"
                )
                _ = peer.strategy.takeState()
                // What ended its life, or fell silent, begins anew; now and then before its hello.
                guard peer.strategy.isPending || Int.random(in: 0..<20, using: &random) == 0 else { continue }
            } catch is StrategyFailure {
                stopped += 1
                #expect(peer.strategy.taken().isEmpty, "a line that is refused places nothing")
            }
            let greets = Int.random(in: 0..<8, using: &random) != 0
            peer = try PluginPeer(batch: 4, snapshots: true, greets: greets)
            seq = 0
        }
        try witness.handle(quote(1, at: 10))
        #expect(witness.lastEvent == 1, "the others go on")
        #expect(stopped > rounds / 4 && went > rounds / 8, "\(stopped) stopped, \(went) went on")
    }
}
