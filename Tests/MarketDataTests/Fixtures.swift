// Folders, zips and readings that the tests make for themselves.

import Contracts
import Foundation
import Testing

@testable import MarketData

/// A folder that is gone after the test.
final class TemporaryFolder {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "market-data-tests-" + UUID().uuidString
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with its folders, and gives its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) -> String {
        let url = URL(fileURLWithPath: path + "/" + name)
        try! FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try! Data(bytes).write(to: url)
        return url.path
    }

    @discardableResult
    func write(_ name: String, _ text: String) -> String { write(name, Array(text.utf8)) }

    /// Writes a zip with one member that holds these rows.
    @discardableResult
    func zip(_ name: String, _ rows: [String], member: String = "rows.csv") -> String {
        write(name, makeZip([(member, Array(rows.joined(separator: "\n").utf8))]))
    }
}

/// A zip file; `wide` writes sizes into the zip64 field, as LEAN's writer does. Deflated members are written
/// as stored blocks of at most 1,000 bytes, which every inflater reads.
func makeZip(
    _ members: [(String, [UInt8])], deflated: Bool = true, flags: UInt16 = 0, method: UInt16? = nil,
    crcError: UInt32 = 0, comment: String = "", wide: Bool = false
) -> [UInt8] {
    func word(_ value: Int) -> [UInt8] { [UInt8(value & 0xff), UInt8(value >> 8 & 0xff)] }
    func long(_ value: Int) -> [UInt8] { word(value & 0xffff) + word(value >> 16) }
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in members {
        let packed = deflated ? storedBlocks(bytes) : bytes
        let before = word(Int(flags)) + word(Int(method ?? (deflated ? 8 : 0))) + long(0)
        let sum = long(Int(crc32(of: bytes) ^ crcError))
        let sizes = long(packed.count) + long(bytes.count)
        let field =
            wide ? word(1) + word(16) + long(bytes.count) + long(0) + long(packed.count) + long(0) : []
        let wideSizes = long(0xffff_ffff) + long(0xffff_ffff)
        directory += long(0x0201_4b50) + word(20) + word(20) + before + sum + (wide ? wideSizes : sizes)
        directory += word(name.utf8.count) + word(field.count) + word(0) + word(0) + word(0) + long(0)
        directory += long(file.count) + Array(name.utf8) + field
        let common = before + sum + sizes + word(name.utf8.count)
        file += long(0x0403_4b50) + word(20) + common + word(0) + Array(name.utf8) + packed
    }
    let end =
        long(0x0605_4b50) + word(0) + word(0) + word(members.count) + word(members.count)
        + long(directory.count)
        + long(file.count) + word(comment.utf8.count) + Array(comment.utf8)
    return file + directory + end
}

private func storedBlocks(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var start = 0
    repeat {
        let count = min(1000, bytes.count - start)
        out.append(start + count == bytes.count ? 1 : 0)
        out += [UInt8(count & 0xff), UInt8(count >> 8), UInt8(~count & 0xff), UInt8(~count >> 8 & 0xff)]
        out += bytes[start..<(start + count)]
        start += count
    } while start < bytes.count
    return out
}

/// Everything a source gives.
struct Reading {
    var events: [MarketEvent] = []
    var symbols = SymbolTable()

    func of(_ kinds: MarketEvent.Kind...) -> [MarketEvent] { events.filter { kinds.contains($0.kind) } }

    /// One word an event: kind, symbol, seconds.
    var outline: [String] {
        events.map { event in
            let name = event.symbol == .none ? "" : " " + symbols.name(of: event.symbol)
            return "\(event.kind)\(name) \(canonicalDecimal(event.timestamp.microseconds * 100))"
        }
    }
}

func readAll(_ source: some MarketDataSource) throws -> Reading {
    var source = source
    var reading = Reading()
    var event = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
    while try source.next(into: &event, symbols: &reading.symbols) { reading.events.append(event) }
    return reading
}

func readAll(_ paths: [String], _ change: (inout DataOptions) -> Void = { _ in }) throws -> Reading {
    try readAll(try open(paths, change).makeSource())
}

func open(_ paths: [String], _ change: (inout DataOptions) -> Void = { _ in }) throws -> OpenedData {
    var options = DataOptions()
    change(&options)
    return try openData(paths, options: options)
}

/// The sentence that opening and reading end with; nil when all goes well.
func failure(_ body: () throws -> Void) -> MarketDataError? {
    do {
        try body()
        return nil
    } catch let error as MarketDataError {
        return error
    } catch {
        Issue.record("another error than MarketDataError: \(error)")
        return nil
    }
}

/// Where the recorded LEAN files lie; nil where they are not on this machine.
let recordedData: String? = {
    let folder = ProcessInfo.processInfo.environment["TRADING_ROBOT_DATA"] ?? "../shared/data"
    let lean = folder + "/lean"
    return FileManager.default.fileExists(atPath: lean) ? lean : nil
}()

func price(_ text: String) -> Price { Price(units: units(text)) }
func quantity(_ text: String) -> Quantity { Quantity(units: units(text)) }

private func units(_ text: String) -> Int64 {
    Array(text.utf8).withUnsafeBufferPointer { try! parseAmount($0, shift: 8).get().value }
}
