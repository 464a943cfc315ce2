import CStrategyABI
import Contracts
import Foundation
import Testing

@testable import StrategyHost

@Suite struct PluginTests {
    private let workshop: PluginWorkshop
    init() throws { workshop = try PluginWorkshop() }

    private func refusal(_ path: String) throws -> PluginError {
        try #require(#expect(throws: PluginError.self) { try NativePlugin(path: path) })
    }

    @Test("each way in which a file is not a plugin has its own sentence")
    func refusals() throws {
        let text = "\(workshop.folder)/libtext.so"
        try "not a library".write(toFile: text, atomically: true, encoding: .utf8)
        let table: [(path: String, code: PluginError.Code, sentence: String)] = [
            (
                "\(workshop.folder)/libabsent.so", .fileNotFound,
                "\(workshop.folder)/libabsent.so: there is no such file"
            ),
            (
                try workshop.compile("other", "int answer = 42;"), .missingSymbol,
                "\(workshop.folder)/libother.so does not export trading_robot_strategy_v1: "
                    + "it is not a strategy plugin"
            ),
            (
                try workshop.compile(
                    "future", metadata: #"{"id":"future","version":"1"}"#, table: "table.abi_version = 9;"),
                .wrongVersion,
                "\(workshop.folder)/libfuture.so has version 9 of the strategy interface, "
                    + "version 1 is wanted: build it with this platform's CStrategyABI.h"
            ),
            (
                try workshop.compile(
                    "short", metadata: #"{"id":"short","version":"1"}"#, table: "table.struct_size = 24;"),
                .incompleteTable,
                "\(workshop.folder)/libshort.so: its table has 24 bytes, version 1 has "
                    + "\(MemoryLayout<tr_strategy>.size)"
            ),
            (
                try workshop.compile(
                    "holes", metadata: #"{"id":"holes","version":"1"}"#,
                    table: "table.create = 0; table.destroy = 0;"),
                .incompleteTable, "\(workshop.folder)/libholes.so: its table lacks create, destroy"
            ),
            (
                try workshop.compile("nameless", metadata: #"{"version":"1"}"#), .invalidMetadata,
                "\(workshop.folder)/libnameless.so: its metadata are invalid: "
                    + "its id \"\" is not 1 to 40 of A-Z a-z 0-9 . _ -"
            ),
        ]
        for row in table {
            let error = try refusal(row.path)
            #expect(error.code == row.code)
            #expect(error.sentence == row.sentence)
        }
        let broken = try refusal(text)
        #expect(broken.code == .notASharedLibrary)
        #expect(broken.sentence.hasPrefix("\(text) cannot be loaded as a shared library: \(text): "))
    }

    @Test("a strategy in plain C places orders, reads its parameters and hears of its trades")
    func plainC() throws {
        let path = try workshop.compile("c-strategy", Self.source)
        let plugin = try NativePlugin(path: path)
        #expect(plugin.metadata.name == "In C")
        var log: [String] = []
        func hosted(_ texts: [String]) throws -> HostedStrategy {
            try HostedStrategy(
                id: "c1", instance: plugin.makeInstance(), symbols: [SymbolIndex(3)], names: ["A"],
                parameters: ParameterValues(texts, for: plugin.metadata.parameters), cash: .zero,
                onLog: { log.append("\($0) \($1)") })
        }
        let strategy = try hosted(["size=2.5", "label=hello"])
        #expect(
            log == [
                "1 hello", #"1 {"strategy":"c1","symbols":["A"],"parameters":{"size":2.5,"label":"hello"}}"#,
            ])
        try strategy.handle(quote(1, at: 10))
        let command = try #require(strategy.taken().first)
        #expect(command.quantity == Quantity(units: 250_000_000) && command.side == .sell)
        #expect(command.price == Price(units: 11))
        try strategy.handle(report(1, .filled, order: 1, after: 1, at: 10, fill: 1, position: 1))
        #expect(log.last == "2 trade")
        let failure = #expect(throws: StrategyFailure.self) { try hosted(["size=0"]) }
        #expect(failure?.sentence == "strategy c1 failed in create after event 0: size is zero")
    }

    @Test("two instances of one library keep their own state")
    func instances() throws {
        let plugin = try NativePlugin(path: try workshop.compile("twin", Self.source))
        let both = try (0..<2).map { index in
            try HostedStrategy(
                id: "c\(index)", instance: plugin.makeInstance(), symbols: [SymbolIndex(3)], names: ["A"],
                parameters: ParameterValues(["size=\(index + 1)"], for: plugin.metadata.parameters),
                cash: .zero)
        }
        for strategy in both { try strategy.handle(quote(1, at: 10)) }
        #expect(both.map { $0.taken()[0].quantity } == [Quantity(whole: 1), Quantity(whole: 2)])
    }

    @Test("plugins are found by id; an unknown one names those that are known")
    func folders() throws {
        let one = try workshop.compile("one", metadata: #"{"id":"one","version":"1"}"#)
        _ = try workshop.compile("zwei", metadata: #"{"id":"two","version":"1"}"#)
        _ = try workshop.compile("bad", "int answer = 42;")
        let folders = PluginFolders([workshop.folder], ownFolder: nil)
        #expect(try folders.plugin(id: "one").path == one)
        #expect(try folders.plugin(id: "two").path == "\(workshop.folder)/libzwei.so")
        let unknown = #expect(throws: PluginError.self) { try folders.plugin(id: "three") }
        #expect(
            unknown?.sentence
                == "there is no plugin \"three\" in \(workshop.folder): known are one, two")
        let bad = #expect(throws: PluginError.self) { try folders.plugin(id: "bad") }
        #expect(bad?.code == .missingSymbol)
        let listed = folders.list().map { listing in
            switch listing.outcome {
            case .success(let plugin): plugin.metadata.id
            case .failure(let error): error.code.rawValue
            }
        }
        #expect(listed == ["missing_symbol", "one", "two"])
        // Beside the executable, libraries that are no plugins are not listed at all.
        #expect(PluginFolders([], ownFolder: workshop.folder).list().count == 2)
        let empty = #expect(throws: PluginError.self) {
            try PluginFolders(["/nowhere"], ownFolder: nil).plugin(id: "one")
        }
        #expect(empty?.sentence == "there is no plugin \"one\" in /nowhere: none was found")
    }

    private static let source = #"""
        #include <CStrategyABI.h>
        #include <stdlib.h>
        typedef struct { const tr_host *host; int64_t size; } state;
        static int32_t create(void *context, const tr_host *host, const char *json, void **instance) {
            (void)context;
            const char *label = "";
            state *made = calloc(1, sizeof *made);
            made->host = host;
            host->parameter_decimal_e8(host->context, "size", &made->size);
            host->parameter_text(host->context, "label", &label);
            host->log(host->context, TR_LOG_INFO, label);
            host->log(host->context, TR_LOG_INFO, json);
            if (made->size == 0) { host->fail(host->context, "size is zero"); free(made); return 1; }
            *instance = made;
            return 0;
        }
        static int32_t on_market_data(void *instance, const tr_market_data *data) {
            state *self = instance;
            const tr_host *host = self->host;
            if (host->open_orders(host->context, data->symbol) > 0) return 0;
            tr_order_request order = {0};
            order.struct_size = sizeof order;
            order.symbol = data->symbol;
            order.side = TR_SELL;
            order.type = TR_LIMIT;
            order.quantity_e8 = self->size;
            order.price_e8 = data->price_e8;
            return host->submit(host->context, &order) > 0 ? 0 : 1;
        }
        static int32_t on_trade(void *instance, const tr_trade *trade) {
            const tr_host *host = ((state *)instance)->host;
            if (trade->order == 1) host->log(host->context, TR_LOG_WARNING, "trade");
            return 0;
        }
        static const tr_strategy table = {
            .abi_version = TR_STRATEGY_ABI_VERSION,
            .struct_size = sizeof(tr_strategy),
            .metadata_json =
                "{\"id\":\"c-strategy\",\"name\":\"In C\",\"version\":\"1.0\","
                "\"parameters\":{\"properties\":{\"size\":{\"type\":\"number\",\"default\":1},"
                "\"label\":{\"type\":\"string\",\"default\":\"\"}}}}",
            .create = create,
            .on_market_data = on_market_data,
            .on_trade = on_trade,
            .destroy = free,
        };
        const tr_strategy *trading_robot_strategy_v1(void) { return &table; }
        """#
}
