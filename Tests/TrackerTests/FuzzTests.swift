import Contracts
import Foundation
import Persistence
import Testing

@testable import performance_tracker

/// Damaged messages: read or refused, never more; each refused one is kept, each good one is in the ledger.
@Suite("Fuzz: trades from outside") struct IngestFuzzTests {
    /// More rounds by ROUNDS, as `make fuzz` sets it.
    private static func rounds(_ standard: Int) -> Int {
        ProcessInfo.processInfo.environment["ROUNDS"].flatMap { Int($0) } ?? standard
    }

    static func mutated(_ message: [UInt8], _ random: inout SeededNumbers) -> [UInt8] {
        let spice = Array("{}[]\",:\\u0019eE+-.tfn \u{0}\u{1f}/é".utf8) + [0x80, 0xff, 0xc3, 0xed]
        var bytes = message
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
                let end = min(bytes.count, place + Int.random(in: 1...30, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }

    @Test("50,000 damaged trade messages through the decoders: offsets lie inside, what is read is in range")
    func decoder() throws {
        print("seed 91")
        var random = SeededNumbers(seed: 91)
        var position: Int64 = 0
        let corpus = (1...50).map { json(randomTrade($0, &position, &random)) }
        var read = 0
        var wrong = 0
        for _ in 0..<Self.rounds(50_000) {
            let bytes = Self.mutated(corpus.randomElement(using: &random) ?? [], &random)
            bytes.withUnsafeBytes { bytes in
                do throws(JSONError) {
                    let trade = try OutsideTrade.decode(bytes)
                    read += 1
                    if trade.quantity <= .zero || trade.tradeID.isEmpty { wrong += 1 }
                } catch {
                    if error.offset < 0 || error.offset > bytes.count { wrong += 1 }
                    let refusal = Refusal(error, in: bytes)
                    if refusal.reason == .handlerError { wrong += 1 }
                }
                _ = try? TradeEvent.decode(bytes)
            }
        }
        #expect(wrong == 0 && read > 0)
    }

    @Test("3,000 messages through a running tracker: refused ones are kept or counted, good ones are booked")
    func live() async throws {
        print("seed 92")
        var random = SeededNumbers(seed: 92)
        let count = max(100, Self.rounds(30_000) / 10)
        let folder = try Folder()
        let tracker = try LiveTracker(folder)
        let robot = try Robot(tracker.ingest)
        var (goodPosition, badPosition) = (Int64(0), Int64(0))
        var good: [[UInt8]] = []
        var sent = 0
        while sent < count {
            var batch: [[UInt8]] = []
            for _ in 0..<min(200, count - sent) {
                if Int.random(in: 0..<3, using: &random) == 0 {
                    let trade = randomTrade(UInt64(good.count) + 1, &goodPosition, &random)
                    good.append(json(trade))
                    batch.append(json(trade))
                } else {
                    // Another strategy and other ids, so that a lucky one never takes a good one's place.
                    let number = UInt64.random(in: 1...20, using: &random)
                    var trade = randomTrade(number, &badPosition, &random, strategy: "zzzzzzzz")
                    trade.tradeID = "xxxxxxxx\(number)"
                    batch.append(Self.mutated(json(trade), &random))
                }
            }
            robot.send(batch)
            sent += batch.count
            // Messages under way are bounded, as a careful robot would.
            try await tracker.wait("answers to \(sent)") {
                robot.receive()
                return robot.answers.count >= sent - 2_000
            }
        }
        try await tracker.wait("all \(sent) answers, \(robot.answers.count) came") {
            robot.receive()
            return robot.answers.count >= sent
        }
        tracker.end(SIGTERM)
        #expect(tracker.endCode == 0, "\(tracker.log)")
        try check(folder, robot.answers, good: good)
    }

    private func check(_ folder: Folder, _ answers: [Answer], good: [[UInt8]]) throws {
        let desk = try Desk(folder)
        let letters = try desk.letters()
        // Refused at first for a missing predecessor, booked later: in the ledger, and still a row.
        let refused = answers.count { $0.type == "dead_letter" }
        #expect(letters.reduce(0) { $0 + Int($1.count) } == refused)
        let bookedLater = letters.count { $0.state == .booked }
        let ledger = try desk.ledger()
        #expect(ledger.count == answers.count { $0.type == "booked" } + bookedLater)
        let ours = ledger.filter { $0.contains("\"strategy_id\":\"bot.s\"") }
        #expect(ours.count == good.count)
        let other = try Desk(try Folder())
        other.send(good)
        try other.book()
        #expect(try other.ledger() == ours)
    }
}
