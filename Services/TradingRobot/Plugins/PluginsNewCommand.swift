// `trading-robot plugins new NAME`: writes a strategy that works, its configuration and a test that passes,
// in a folder of its own. Nothing that exists is overwritten.

import Contracts
import Foundation
import ServiceKit
import StrategyHost

/// What a new strategy is written in.
enum PluginLanguage: String, CaseIterable, ScalarSettingValue { case swift, python }

private let language = Setting<PluginLanguage>(
    "language", default: .python, help: "What the strategy is written in.")
private let folder = Setting<String>(
    "dir", default: ".", placeholder: "DIR", help: "Where the new folder is made.")
private let platform = Setting<String?>(
    "platform", default: nil, placeholder: "DIR",
    help: "The platform's sources, which a Swift strategy is built with; found by itself in a checkout.")

let pluginsNewCommand = Command(
    "new", "Writes a new strategy with its configuration and a test that passes.",
    settings: [language.declaration, folder.declaration, platform.declaration],
    operands: [Operand("NAME", help: "The plugin's id: a letter, then letters, digits and dashes.")]
) { context in
    let settings = context.settings
    let name = try checkedName(context.operands[0])
    let target = settings[folder] + "/" + name
    guard !FileManager.default.fileExists(atPath: target) else {
        throw Failure(
            "exists", "\(target) exists already: choose another name, or another folder with --dir.")
    }
    let programs = PluginFolders.executableFolder ?? "."
    let files =
        switch settings[language] {
        case .swift:
            SwiftTemplate(
                name: name, platform: try platformSources(settings[platform]), programs: programs
            ).files
        case .python: PythonTemplate(name: name, programs: programs).files
        }
    for file in files { try write(file.text, to: target + "/" + file.path) }
    writeToStandardOutput(files.map { "\(target)/\($0.path)\n" }.joined())
    writeToStandardError(nextSteps(settings[language], name: name, target: target))
    return .done
}

/// One file of a new strategy.
struct NewFile {
    /// Below the strategy's folder.
    var path: String
    var text: String
}

/// A plugin's id that can also be made the name of a type.
private func checkedName(_ name: String) throws(WrongUse) -> String {
    let rest = name.utf8.dropFirst()
    let isLetter = { (byte: UInt8) in (0x61...0x7a).contains(byte | 0x20) }
    guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 40,
        rest.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2d })
    else {
        throw WrongUse(
            "NAME is \"\(name)\"; allowed is a letter, then letters, digits and dashes, at most 40 in all.")
    }
    return name
}

/// `my-first` as `MyFirst`.
func typeName(_ name: String) -> String {
    name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
}

/// The folder with the platform's Package.swift: the one that was named, or the one above the executables.
private func platformSources(_ named: String?) throws(Failure) -> String {
    let isPlatform = { (path: String) in
        FileManager.default.fileExists(atPath: path + "/Shared/StrategyKit/Strategy.swift")
    }
    if let named {
        let path = URL(filePath: named).standardizedFileURL.path
        guard isPlatform(path) else {
            throw Failure("platform", "\(path) does not hold the platform's sources (Shared/StrategyKit).")
        }
        return path
    }
    var place = URL(filePath: PluginFolders.executableFolder ?? ".")
    while place.path.count > 1 {
        if isPlatform(place.path) { return place.path }
        place.deleteLastPathComponent()
    }
    throw Failure(
        "platform",
        "the platform's sources were not found above the executables; a Swift strategy is built with them: "
            + "name their folder with --platform.")
}

private func write(_ text: String, to path: String) throws(Failure) {
    let url = URL(filePath: path)
    do {
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
    } catch {
        throw Failure("not_written", "\(path) cannot be written: \(error.localizedDescription)")
    }
}

private func nextSteps(_ language: PluginLanguage, name: String, target: String) -> String {
    let steps =
        switch language {
        case .swift:
            """
              swift test -c release                                 # builds it and runs its test
            """
        case .python:
            """
              python3 -m unittest                                   # runs its test
            """
        }
    return """
        Next:
          cd \(target)
        \(steps)
          trading-robot plugins list --config \(name).yaml
          trading-robot backtest --config \(name).yaml

        """
}
