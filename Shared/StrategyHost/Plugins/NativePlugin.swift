// A native plugin: a shared library with the C interface of version 1.
//
// A library is loaded once and never unloaded: code of it may still be referenced, and Swift's runtime cannot
// forget types. Everything that can be wrong with the file is found here, before an instance is made.

import CStrategyABI
import Contracts

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a plugin cannot be used.
package struct PluginError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case fileNotFound = "file_not_found"
        case notASharedLibrary = "not_a_shared_library"
        case missingSymbol = "missing_symbol"
        case wrongVersion = "wrong_abi_version"
        case incompleteTable = "incomplete_table"
        case invalidMetadata = "invalid_metadata"
        case unknownPlugin = "unknown_plugin"
        case cannotStart = "cannot_start"
        case importError = "import_error"
        case missingRequirement = "missing_requirement"
        case wrongClass = "wrong_class"
        case protocolViolation = "protocol_violation"
    }

    package var code: Code
    /// What is wrong, where, and what to do.
    package var sentence: String
    package var description: String { sentence }
}

/// A loaded library. Its table is constant memory of the library, so any thread may read it.
package final class NativePlugin: @unchecked Sendable {
    package let path: String
    package let metadata: PluginMetadata
    /// The metadata as the plugin wrote them.
    package let metadataJSON: String
    fileprivate let table: UnsafePointer<tr_strategy>

    /// Loads a library and checks all of it.
    package convenience init(path: String) throws(PluginError) {
        try self.init(table: try Self.load(path), path: path)
    }

    /// A strategy whose table is already in the process; `path` only names it in sentences.
    package init(table: UnsafePointer<tr_strategy>, path: String) throws(PluginError) {
        self.path = path
        self.table = table
        try Self.check(table, path)
        guard let json = table.pointee.metadata_json else {
            throw PluginError(code: .incompleteTable, sentence: "\(path): its table has no metadata_json")
        }
        metadataJSON = String(cString: json)
        do throws(MetadataError) {
            metadata = try PluginMetadata(json: metadataJSON)
        } catch {
            throw error.error(in: path)
        }
    }

    /// Whether its strategies have `snapshot` and `restore`.
    package var givesSnapshots: Bool { table.pointee.snapshot != nil && table.pointee.restore != nil }

    /// A new instance; `HostedStrategy` makes the strategy in it.
    package func makeInstance() -> NativeInstance { NativeInstance(self) }

    private static func load(_ path: String) throws(PluginError) -> UnsafePointer<tr_strategy> {
        guard access(path, F_OK) == 0 else {
            throw PluginError(code: .fileNotFound, sentence: "\(path): there is no such file")
        }
        // A path without a slash would be searched for in the system's library folders.
        let file = path.utf8.contains(UInt8(ascii: "/")) ? path : "./" + path
        guard let library = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
            let why = dlerror().map { String(cString: $0) } ?? "unknown error"
            throw PluginError(
                code: .notASharedLibrary, sentence: "\(path) cannot be loaded as a shared library: \(why)")
        }
        guard let symbol = dlsym(library, TR_STRATEGY_ENTRY_SYMBOL) else {
            throw PluginError(
                code: .missingSymbol,
                sentence: "\(path) does not export \(TR_STRATEGY_ENTRY_SYMBOL): it is not a strategy plugin")
        }
        typealias Entry = @convention(c) () -> UnsafePointer<tr_strategy>?
        guard let table = unsafeBitCast(symbol, to: Entry.self)() else {
            throw PluginError(
                code: .incompleteTable, sentence: "\(path): its entry function returned no table")
        }
        return table
    }

    private static func check(_ table: UnsafePointer<tr_strategy>, _ path: String) throws(PluginError) {
        // The first two fields are the same in every version; nothing else is read before they are right.
        let found = UnsafeRawPointer(table).load(as: UInt32.self)
        let size = UnsafeRawPointer(table).load(fromByteOffset: 4, as: UInt32.self)
        guard found == TR_STRATEGY_ABI_VERSION else {
            throw PluginError(
                code: .wrongVersion,
                sentence: "\(path) has version \(found) of the strategy interface, version "
                    + "\(TR_STRATEGY_ABI_VERSION) is wanted: build it with this platform's CStrategyABI.h")
        }
        let wanted = MemoryLayout<tr_strategy>.size
        guard size >= wanted else {
            throw PluginError(
                code: .incompleteTable,
                sentence: "\(path): its table has \(size) bytes, version \(found) has \(wanted)")
        }
        var missing: [String] = []
        if table.pointee.create == nil { missing.append("create") }
        if table.pointee.on_market_data == nil { missing.append("on_market_data") }
        if table.pointee.destroy == nil { missing.append("destroy") }
        guard missing.isEmpty else {
            throw PluginError(
                code: .incompleteTable,
                sentence: "\(path): its table lacks \(missing.joined(separator: ", "))")
        }
    }
}

/// One running instance of a native plugin. Confined to one thread at a time, like the host that calls it.
package final class NativeInstance: StrategyInstance {
    package let plugin: NativePlugin
    private var instance: UnsafeMutableRawPointer?
    private var isMade = false
    private let onMarketDataCall:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<tr_market_data>?) -> Int32

    fileprivate init(_ plugin: NativePlugin) {
        self.plugin = plugin
        onMarketDataCall = plugin.table.pointee.on_market_data
    }

    package var barIntervals: [UInt32] { plugin.metadata.barIntervals }

    package func create(in host: HostedStrategy) -> Int32 {
        var writer = JSONWriter()
        host.writeConfiguration(into: &writer)
        var made: UnsafeMutableRawPointer?
        let status = writer.string.withCString { configuration in
            plugin.table.pointee.create(plugin.table.pointee.context, host.hostTable, configuration, &made)
        }
        instance = made
        isMade = status == 0
        return status
    }

    package func initialize() -> Int32 { plugin.table.pointee.initialize?(instance) ?? 0 }

    package func onMarketData(_ data: UnsafePointer<tr_market_data>) -> Int32 {
        onMarketDataCall(instance, data)
    }

    package func onTrade(_ trade: UnsafePointer<tr_trade>) -> Int32 {
        plugin.table.pointee.on_trade?(instance, trade) ?? 0
    }

    package func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32 {
        plugin.table.pointee.on_order?(instance, update) ?? 0
    }

    package func onTimer(_ timer: UInt64, due: Int64) -> Int32 {
        plugin.table.pointee.on_timer?(instance, timer, due) ?? 0
    }

    package func cleanup() -> Int32 { isMade ? plugin.table.pointee.cleanup?(instance) ?? 0 : 0 }

    package func destroy() {
        if isMade { plugin.table.pointee.destroy(instance) }
        isMade = false
    }

    package var givesSnapshots: Bool { plugin.givesSnapshots }

    package func snapshot() -> [UInt8]? {
        guard isMade, let snapshot = plugin.table.pointee.snapshot else { return nil }
        let needed = snapshot(instance, nil, 0)
        guard needed >= 0 else { return nil }
        var written: Int64 = 0
        let state = [UInt8](unsafeUninitializedCapacity: Int(needed)) { buffer, count in
            written = snapshot(instance, buffer.baseAddress, UInt64(needed))
            count = written == needed ? Int(needed) : 0
        }
        return written == needed ? state : nil
    }

    package func restore(_ state: [UInt8]) -> Int32 {
        guard let restore = plugin.table.pointee.restore else { return 1 }
        return state.withUnsafeBufferPointer { restore(instance, $0.baseAddress, UInt64($0.count)) }
    }
}
