// Files that come, change and go are noticed, and one that is still growing is not.

import Foundation
import Testing

@testable import StrategyHost

@Suite struct PluginWatchTests {
    private let workshop: PluginWorkshop
    private var folder: String { workshop.folder }

    init() throws { workshop = try PluginWorkshop() }

    private func write(_ text: String, _ name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
    }

    @Test("a change is told once, after two looks that saw the same")
    func changes() throws {
        try write("old", "libold.so")
        var watch = PluginWatch([folder])
        #expect(watch.changes() == [])
        try write("new", "mine.py")
        try write("older", "libold.so")
        #expect(watch.changes() == [], "it may still be written")
        #expect(watch.changes() == ["\(folder)/libold.so", "\(folder)/mine.py"])
        #expect(watch.changes() == [])
        try FileManager.default.removeItem(atPath: "\(folder)/mine.py")
        #expect(watch.changes() == [])
        #expect(watch.changes() == ["\(folder)/mine.py"])
    }

    @Test("a file that grows between looks is not told until it stands still")
    func growing() throws {
        var watch = PluginWatch([folder])
        for size in 1...4 {
            try write(String(repeating: "x", count: size), "libbig.so")
            #expect(watch.changes() == [])
        }
        #expect(watch.changes() == ["\(folder)/libbig.so"])
    }

    @Test("a folder that appears later, and one with a plugin.json, are looked into")
    func folders() throws {
        let later = "\(folder)/later"
        var watch = PluginWatch([later])
        try FileManager.default.createDirectory(
            atPath: later + "/mine", withIntermediateDirectories: true)
        try write("{}", "later/mine/plugin.json")
        try write("cache", "later/.hidden")
        try FileManager.default.createDirectory(
            atPath: later + "/data", withIntermediateDirectories: true)
        try write("a database", "later/data/trading.db")
        #expect(watch.changes() == [])
        #expect(watch.changes() == ["\(later)/mine/plugin.json"])
    }
}
