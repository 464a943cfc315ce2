// A plugin on trial: what it does wrong is found, and a good one passes.

import Contracts
import Testing

@testable import StrategyHost

@Suite struct PluginTrialTests {
    private let workshop: PluginWorkshop

    init() throws { workshop = try PluginWorkshop() }

    /// A plugin in C whose market data function is this; it has `host`, `data` and a counter in the library.
    private func plugin(_ name: String, _ body: String) throws -> NativePlugin {
        let path = try workshop.compile(
            name,
            """
            #include <CStrategyABI.h>
            struct one { const tr_host *host; int count; };
            static struct one instances[16];
            static int made, total;
            static int32_t create(void *c, const tr_host *h, const char *j, void **i)
            { (void)c; (void)j; *i = &instances[made++ & 15]; ((struct one *)*i)->host = h;
              ((struct one *)*i)->count = 0; return 0; }
            static int64_t buy(struct one *o, uint32_t symbol, int64_t whole) {
                tr_order_request r = {0};
                r.struct_size = sizeof r; r.symbol = symbol; r.quantity_e8 = whole * 100000000;
                return o->host->submit(o->host->context, &r);
            }
            static int32_t data(void *i, const tr_market_data *d) {
                struct one *o = i; o->count++; total++; (void)buy;
                \(body)
                (void)d; return 0;
            }
            static void destroy(void *i) { (void)i; }
            static tr_strategy table;
            const tr_strategy *trading_robot_strategy_v1(void) {
                table.abi_version = TR_STRATEGY_ABI_VERSION;
                table.struct_size = sizeof table;
                table.metadata_json = "{\\"id\\":\\"\(name)\\",\\"version\\":\\"1\\"}";
                table.create = create; table.on_market_data = data; table.destroy = destroy;
                return &table;
            }
            """)
        return try NativePlugin(path: path)
    }

    private func trial(_ name: String, _ body: String) throws -> PluginTrialReport {
        let plugin = try plugin(name, body)
        return try PluginTrial(plugin.metadata) { plugin.makeInstance() }.run()
    }

    @Test("one that buys now and then passes, with bars and ticks of three symbols")
    func good() throws {
        let report = try trial("good", "if (o->count % 500 == 0) buy(o, d->symbol, 1);")
        #expect(report.mistakes == [])
        #expect(report.events > 5_000 && report.commands > 5 && report.trades > 5)
    }

    @Test("one that keeps something from another instance decides differently")
    func notDeterministic() throws {
        let report = try trial("shared", "if (total % 501 == 0) buy(o, d->symbol, 1);")
        #expect(report.mistakes.count == 1)
        let mistake = try #require(report.mistakes.first)
        #expect(mistake.contains("decides differently") && mistake.contains("command 1 was submit buy 1"))
    }

    @Test("a call that fails is said with its reason")
    func failing() throws {
        let report = try trial(
            "failing", #"if (o->count == 40) { o->host->fail(o->host->context, "I am lost"); return 1; }"#)
        #expect(report.mistakes.count == 1)
        #expect(
            report.mistakes[0].contains("failed in marketData") && report.mistakes[0].contains("I am lost"))
    }

    @Test("orders that are refused, or none at all, are remarks and no mistakes")
    func remarks() throws {
        let poor = try trial("poor", "if (o->count == 100) buy(o, d->symbol, 1000000);")
        #expect(poor.mistakes == [])
        #expect(poor.remarks.contains { $0.contains("1 orders were rejected") })
        let idle = try trial("idle", "")
        #expect(idle.mistakes == [] && idle.remarks == ["it placed no order on the trial's market"])
    }
}
