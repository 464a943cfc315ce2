import Testing

@testable import ServiceKit

@Suite struct MetricsTests {
    @Test("the text is sorted by name and labels, whatever the order of registration")
    func text() {
        let registry = MetricsRegistry()
        registry.gauge("lag", help: "Behind.").set(1.5)
        registry.counter("events_total", labels: [("symbol", "B")]).add(2)
        registry.counter("events_total", labels: [("symbol", "A\"\\\n")]).add()
        let expected = """
            # TYPE events_total counter
            events_total{symbol="A\\"\\\\\\n"} 1
            events_total{symbol="B"} 2
            # HELP lag Behind.
            # TYPE lag gauge
            lag 1.5
            # HELP metrics_refused_total Series over the limit, not shown.
            # TYPE metrics_refused_total counter
            metrics_refused_total 0

            """
        #expect(registry.text() == expected)
    }

    @Test("the same name and labels are the same cell, another kind is refused and counted")
    func identity() {
        let registry = MetricsRegistry()
        let first = registry.counter("a_total", labels: [("x", "1"), ("y", "2")])
        #expect(registry.counter("a_total", labels: [("y", "2"), ("x", "1")]) === first)
        registry.gauge("a_total").set(3)
        #expect(registry.text().contains("metrics_refused_total 1"))
        #expect(PrometheusText(registry.text())["a_total"] == 0)
    }

    @Test("durations are shown as quantiles in seconds")
    func distribution() throws {
        let registry = MetricsRegistry()
        let cell = registry.distribution("match_seconds")
        for value in 1...1000 { cell.record(Int64(value) * 1000) }
        cell.record(Int64(-5))
        let text = PrometheusText(registry.text())
        #expect(text["match_seconds_count"] == 1001)
        let sum = try #require(text["match_seconds_sum"])
        #expect(abs(sum - 0.5005) < 1e-9)
        let median = try #require(text.samples.first { $0.labels == "quantile=\"0.5\"" })
        #expect(abs(median.value - 500e-6) < 1e-6)
    }

    @Test("no more series than the limit are kept")
    func limit() {
        let registry = MetricsRegistry()
        for number in 0...MetricsRegistry.maximumSeries {
            registry.gauge("g", labels: [("n", "\(number)")]).set(1)
        }
        #expect(PrometheusText(registry.text())["metrics_refused_total"] == 2)
    }

    @Test("libraries count into the same registry")
    func factory() {
        let registry = MetricsRegistry()
        let factory = PrometheusFactory(registry: registry)
        factory.makeCounter(label: "http.requests", dimensions: []).increment(by: 3)
        factory.makeTimer(label: "http.time", dimensions: []).recordNanoseconds(2_000_000)
        factory.makeMeter(label: "depth", dimensions: []).increment(by: 2.5)
        factory.makeRecorder(label: "size", dimensions: [], aggregate: true).record(7.0)
        let text = PrometheusText(registry.text())
        #expect(text["http_requests_total"] == 3)
        #expect(text["http_time_seconds_count"] == 1)
        #expect(text["depth"] == 2.5)
        #expect(text["size_sum"] == 7)
        #expect(text["nothing"] == nil)
    }

    @Test("what the process uses is looked up at each scrape")
    func process() throws {
        let registry = MetricsRegistry()
        registry.addProcessFigures()
        let text = PrometheusText(registry.text())
        #expect(try #require(text["process_start_time_seconds"]) > 1e9)
        #if os(Linux)
            #expect(try #require(text["process_resident_memory_bytes"]) > 1e6)
            #expect(try #require(text["process_open_fds"]) > 2)
        #endif
    }

    @Test("threads add without losing a count")
    func threads() async {
        let registry = MetricsRegistry()
        let (counter, gauge) = (registry.counter("n_total"), registry.gauge("g"))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.add()
                        gauge.add(1)
                    }
                }
            }
        }
        #expect(counter.value == 40_000)
        #expect(gauge.value == 40_000)
    }

    @Test("lines that are not samples are left out of a scrape")
    func parsing() {
        let text = PrometheusText("# TYPE a counter\na{x=\"1 2\"} 4\na 5\nb +Inf\nrubbish\nc{ 1\n")
        #expect(text.samples.map(\.name) == ["a", "a", "b"])
        #expect(text["a"] == 9)
        #expect(text.samples[0].labels == "x=\"1 2\"")
        #expect(text["b"] == .infinity)
    }
}
