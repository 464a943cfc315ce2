// One ledger, wherever the strategy runs: the same library in this process and in one of its own, and the
// same rule in Swift, Python and C.

import Contracts
import Foundation
import Testing
import TradingCore

@testable import StrategyHost

@Suite(.serialized) struct IsolatedLedgerTests {
    private let workshop: PluginWorkshop
    init() throws { workshop = try PluginWorkshop() }

    private func load(_ path: String, _ isolation: PluginIsolation) throws -> any StrategyPlugin {
        var folders = PluginFolders([], ownFolder: nil)
        folders.isolation = isolation
        return try folders.load(path)
    }

    @Test(
        "A native strategy makes the same orders in this process and in one of its own",
        .enabled(if: MisbehaviourTests.hasPython, "SKIP python: no plugin-host"),
        arguments: [("libsma-crossover.so", ["fast=3", "slow=9"]), ("libquoter.so", ["half_spread=0.02"])])
    func shipped(name: String, texts: [String]) throws {
        let path = (PluginFolders.executableFolder ?? ".") + "/" + name
        let inside = try story(try load(path, .none), texts)
        #expect(inside.count > 200)
        #expect(try story(try load(path, .process), texts) == inside)
    }

    @Test(
        "Timers, replaced and cancelled orders, the account and the warm-up are the same on both sides",
        .enabled(if: MisbehaviourTests.hasPython, "SKIP python: no plugin-host"),
        arguments: ["", #","warm_up":{"events":90}"#, #","warm_up":{"seconds":1}"#])
    func everything(warmUp: String) throws {
        let field = warmUp.replacing("\"", with: "\\\"")
        let path = try workshop.compile(
            "everything", Self.busy.replacing(#"\"1.0\""#, with: #"\"1.0\""# + field))
        let inside = try story(try load(path, .none), [])
        #expect(inside.count > 300)
        #expect(try story(try load(path, .process), []) == inside)
    }

    @Test(
        "A Python strategy warms up as a native one",
        .enabled(if: MisbehaviourTests.hasPython, "SKIP python: no Python 3.9 or no plugin-host"))
    func warmUp() throws {
        let native = try workshop.compile("eager", Self.eager)
        let python = workshop.folder + "/eager.py"
        try """
        from tradingrobotplug import TradeSignal, TradingStrategyPlugin
        class Eager(TradingStrategyPlugin):
            warm_up = {"events": 90}
            def on_market_data(self, data):
                if not self.context.open_orders(data.symbol):
                    return TradeSignal(data.symbol, "buy", 1)
        """.write(toFile: python, atomically: true, encoding: .utf8)
        let inside = try story(try load(native, .none), [])
        #expect(inside.count > 300)
        #expect(try story(try load(python, .auto), []) == inside)
    }

    /// Buys one whenever nothing is open, once it is warm.
    private static let eager = #"""
        #include <CStrategyABI.h>
        static const tr_host *hosts[8];
        static int made;
        static int32_t create(void *c, const tr_host *host, const char *json, void **instance) {
            (void)c; (void)json;
            hosts[made] = host;
            *instance = &hosts[made++ % 8];
            return 0;
        }
        static int32_t data(void *instance, const tr_market_data *data) {
            const tr_host *host = *(const tr_host **)instance;
            if (host->open_orders(host->context, data->symbol)) return 0;
            tr_order_request order = {0};
            order.struct_size = sizeof order;
            order.symbol = data->symbol;
            order.quantity_e8 = 100000000;
            host->submit(host->context, &order);
            return 0;
        }
        static void destroy(void *instance) { (void)instance; }
        static const tr_strategy table = {
            .abi_version = TR_STRATEGY_ABI_VERSION, .struct_size = sizeof(tr_strategy),
            .metadata_json = "{\"id\":\"eager\",\"version\":\"1.0\",\"warm_up\":{\"events\":90}}",
            .create = create, .on_market_data = data, .destroy = destroy,
        };
        const tr_strategy *trading_robot_strategy_v1(void) { return &table; }
        """#

    @Test(
        "The crossover in Swift, Python and C makes the same orders",
        .enabled(if: MisbehaviourTests.hasPython, "SKIP python: no Python 3.9 or no plugin-host"))
    func languages() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let texts = ["fast=3", "slow=9", "quantity=12.5"]
        let swift = try story(
            try load((PluginFolders.executableFolder ?? ".") + "/libsma-crossover.so", .none), texts)
        #expect(swift.count > 200)
        let python = try load(root + "/Shared/Python/examples/sma-crossover-python.py", .auto)
        #expect(try story(python, texts) == swift)
        let program = try workshop.program("crossover", root + "/Services/Strategies/CrossoverC/crossover.c")
        try #"{"command":["./crossover"]}"#.write(
            toFile: workshop.folder + "/plugin.json", atomically: true, encoding: .utf8)
        let third = try load(workshop.folder + "/plugin.json", .auto)
        #expect(third.path == program)
        #expect(try story(third, texts) == swift)
    }

    /// Sets timers, places limits and stops, replaces, cancels, and decides by what the host says.
    static let busy = #"""
        #include <CStrategyABI.h>
        #include <stdlib.h>
        #include <string.h>
        typedef struct { const tr_host *host; int64_t events, last; } state;
        static int32_t create(void *c, const tr_host *host, const char *json, void **instance) {
            (void)c; (void)json;
            state *made = calloc(1, sizeof *made);
            made->host = host;
            *instance = made;
            return 0;
        }
        static int64_t place(state *self, uint32_t symbol, uint32_t side, uint32_t type, int64_t price) {
            tr_order_request order = {0};
            order.struct_size = sizeof order;
            order.symbol = symbol; order.side = side; order.type = type;
            order.quantity_e8 = 500000000 + self->events % 7 * 100000000;
            order.price_e8 = type == TR_LIMIT ? price : 0;
            order.stop_price_e8 = type == TR_STOP ? price : 0;
            return self->host->submit(self->host->context, &order);
        }
        static int32_t on_market_data(void *instance, const tr_market_data *data) {
            state *self = instance;
            const tr_host *host = self->host;
            self->events++;
            if (self->events % 11 == 0) host->set_timer(host->context, 1500 + self->events % 3000);
            if (host->open_orders(host->context, data->symbol) < 3)
                place(self, data->symbol, self->events & 1, self->events % 3 == 0 ? TR_STOP : TR_LIMIT,
                      data->price_e8 + (self->events % 5 - 2) * 1000000);
            tr_working_order order;
            if (self->events % 4 == 0 && host->working_order(host->context, 0, &order))
                host->replace(host->context, order.order, 0,
                              order.price_e8 ? order.price_e8 + 1000000 : 0, 0);
            if (self->events % 6 == 0 && host->working_order(host->context, 1, &order))
                host->cancel(host->context, order.order);
            if (host->cancel(host->context, 1000000) != TR_UNKNOWN_ORDER) return 1;
            return 0;
        }
        static int32_t on_timer(void *instance, uint64_t timer, int64_t due) {
            state *self = instance;
            const tr_host *host = self->host;
            int64_t position = host->position_e8(host->context, 0);
            if (due > host->now_us(host->context)) return 1;
            if (position != 0 && host->cash_e8(host->context) != 0 && timer % 2)
                place(self, 0, position > 0 ? TR_SELL : TR_BUY, TR_MARKET, 0);
            return 0;
        }
        static int32_t on_order(void *instance, const tr_order_update *update) {
            state *self = instance;
            if (update->status == TR_REJECTED && update->reason_code == 0) return 1;
            if (update->status == TR_FILLED && update->order % 9 == 0)
                place(self, update->symbol, TR_SELL, TR_MARKET, 0);
            return 0;
        }
        static int64_t snapshot(void *instance, uint8_t *bytes, uint64_t capacity) {
            state *self = instance;
            if (capacity >= sizeof self->events) memcpy(bytes, &self->events, sizeof self->events);
            return sizeof self->events;
        }
        static int32_t restore(void *instance, const uint8_t *bytes, uint64_t count) {
            state *self = instance;
            if (count != sizeof self->events) return 1;
            memcpy(&self->events, bytes, sizeof self->events);
            return place(self, 0, TR_BUY, TR_MARKET, 0) == TR_NOT_NOW ? 0 : 1;
        }
        static const tr_strategy table = {
            .abi_version = TR_STRATEGY_ABI_VERSION, .struct_size = sizeof(tr_strategy),
            .metadata_json = "{\"id\":\"everything\",\n\"version\":\"1.0\"}",
            .create = create, .on_market_data = on_market_data, .on_timer = on_timer, .on_order = on_order,
            .destroy = free, .snapshot = snapshot, .restore = restore,
        };
        const tr_strategy *trading_robot_strategy_v1(void) { return &table; }
        """#
}
