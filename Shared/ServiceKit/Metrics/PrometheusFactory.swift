// The registry as a swift-metrics backend, so that what libraries count is shown beside our own figures.
// Destroyed handles stay in the text: a counter that goes away would look like a restart.

import CoreMetrics

/// Gives swift-metrics its handlers from a registry.
package struct PrometheusFactory: MetricsFactory {
    private let registry: MetricsRegistry
    package init(registry: MetricsRegistry) { self.registry = registry }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        registry.counter(label.hasSuffix("_total") ? label : label + "_total", labels: dimensions)
    }
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        registry.gauge(label, labels: dimensions)
    }
    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate { return registry.distribution(label, unit: .plain, labels: dimensions) }
        return registry.gauge(label, labels: dimensions)
    }
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        registry.distribution(label.hasSuffix("_seconds") ? label : label + "_seconds", labels: dimensions)
    }
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

extension CounterCell: CounterHandler {
    package func increment(by amount: Int64) { add(amount) }
    package func reset() { set(total: 0) }
}

extension GaugeCell: MeterHandler, RecorderHandler {
    package func set(_ value: Int64) { set(Double(value)) }
    package func increment(by amount: Double) { add(amount) }
    package func decrement(by amount: Double) { add(-amount) }
    package func record(_ value: Int64) { set(Double(value)) }
    package func record(_ value: Double) { set(value) }
}

extension DistributionCell: RecorderHandler, TimerHandler {
    package func record(_ value: Double) {
        guard value.isFinite else { return }
        record(Int64(max(0, min(value, Double(Self.largest)))))
    }
    package func recordNanoseconds(_ duration: Int64) { record(duration) }
}
