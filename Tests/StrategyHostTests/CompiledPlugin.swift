// Plugins that a test compiles from a few lines of C, in a folder that goes away with the test.

import ChildProcesses
import Foundation

final class PluginWorkshop {
    let folder: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "plugins-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Where `CStrategyABI.h` is.
    private static let include = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Shared/CStrategyABI/include").path

    /// Compiles C to `lib<name>.so` and returns its path.
    func compile(_ name: String, _ source: String) throws -> String {
        let file = "\(folder)/\(name).c"
        try source.write(toFile: file, atomically: true, encoding: .utf8)
        let library = "\(folder)/lib\(name).so"
        try Self.compile(["-std=c99", "-O1", "-fPIC", "-shared", "-I", Self.include, "-o", library, file])
        return library
    }

    private static func compile(_ arguments: [String]) throws {
        let compiler = ChildProgram(
            "/usr/bin/env", ["cc", "-Wall", "-Wextra", "-Werror"] + arguments, output: .nothing,
            errors: .descriptor(2))
        guard try compiler.start().waitForEnd() == .exited(0) else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Compiles a C file to a program and returns its path.
    func program(_ name: String, _ file: String) throws -> String {
        try Self.compile(["-O2", "-o", "\(folder)/\(name)", file])
        return "\(folder)/\(name)"
    }

    /// A plugin that does nothing; `table` replaces or adds fields.
    func compile(_ name: String, metadata: String, table: String = "") throws -> String {
        try compile(
            name,
            """
            #include <CStrategyABI.h>
            static int32_t create(void *c, const tr_host *h, const char *j, void **i)
            { (void)c; (void)h; (void)j; *i = 0; return 0; }
            static int32_t data(void *i, const tr_market_data *d) { (void)i; (void)d; return 0; }
            static void destroy(void *i) { (void)i; }
            static tr_strategy table;
            const tr_strategy *trading_robot_strategy_v1(void) {
                table.abi_version = TR_STRATEGY_ABI_VERSION;
                table.struct_size = sizeof table;
                table.metadata_json = "\(metadata.replacing("\"", with: "\\\""))";
                table.create = create;
                table.on_market_data = data;
                table.destroy = destroy;
                \(table)
                return &table;
            }
            """)
    }
}
