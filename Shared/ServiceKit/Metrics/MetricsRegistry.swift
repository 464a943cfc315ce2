// All figures of a process by name, and their text for Prometheus. The text is sorted by name, then labels,
// so two scrapes differ only in values. Registering takes a lock and is for start-up; writing to the cell
// that it returns does not.

import Synchronization

/// The figures of one process.
package final class MetricsRegistry: Sendable {
    /// Most series that are kept; a further one is counted in `metrics_refused_total` and not shown.
    package static let maximumSeries = 10_000

    enum Cell {
        case counter(CounterCell)
        case gauge(GaugeCell)
        case distribution(DistributionCell)

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .distribution: "summary"
            }
        }
    }

    private struct Family {
        var help = ""
        var type: String
        var series: [String: Cell] = [:]
    }

    private struct Content {
        var families: [String: Family] = [:]
        var count = 0
        var beforeScrape: [@Sendable (MetricsRegistry) -> Void] = []
    }

    private let content = Mutex(Content())
    private let refused = CounterCell()

    package init() {
        insert(.counter(refused), "metrics_refused_total", [], help: "Series over the limit, not shown.")
    }

    /// The counter of this name and these labels, made on first use. Name it `…_total`.
    package func counter(_ name: String, labels: [(String, String)] = [], help: String = "") -> CounterCell {
        find(name, labels, help) {
            .counter(CounterCell())
        } pick: {
            if case .counter(let cell) = $0 { cell } else { nil }
        }
    }

    /// The gauge of this name and these labels, made on first use.
    package func gauge(_ name: String, labels: [(String, String)] = [], help: String = "") -> GaugeCell {
        find(name, labels, help) {
            .gauge(GaugeCell())
        } pick: {
            if case .gauge(let cell) = $0 { cell } else { nil }
        }
    }

    /// The distribution of this name and these labels, made on first use. Name durations `…_seconds`.
    package func distribution(
        _ name: String, unit: DistributionCell.Unit = .nanoseconds, labels: [(String, String)] = [],
        help: String = ""
    ) -> DistributionCell {
        find(name, labels, help) {
            .distribution(DistributionCell(unit: unit))
        } pick: {
            if case .distribution(let cell) = $0 { cell } else { nil }
        }
    }

    /// Runs before each scrape, on the server's thread: for figures that are only looked up.
    package func beforeScrape(_ refresh: @escaping @Sendable (MetricsRegistry) -> Void) {
        content.withLock { $0.beforeScrape.append(refresh) }
    }

    /// The text exposition, version 0.0.4.
    package func text() -> String {
        for refresh in content.withLock({ $0.beforeScrape }) { refresh(self) }
        let families = content.withLock { $0.families }
        var lines: [String] = []
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            if !family.help.isEmpty { lines.append("# HELP \(name) \(escaped(family.help, quotes: false))") }
            lines.append("# TYPE \(name) \(family.type)")
            for (labels, cell) in family.series.sorted(by: { $0.key < $1.key }) {
                append(cell, name, labels, to: &lines)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func find<Found>(
        _ name: String, _ labels: [(String, String)], _ help: String, make: () -> Cell,
        pick: (Cell) -> Found?
    ) -> Found {
        let made = make()
        let cell = insert(made, name, labels, help: help)
        // A name used for two kinds writes to a cell that nobody sees, rather than ending the process.
        return pick(cell) ?? pick(made)!
    }

    /// The cell that stands under the name; the given one if none did.
    @discardableResult
    private func insert(_ cell: Cell, _ name: String, _ labels: [(String, String)], help: String) -> Cell {
        let name = MetricName.sanitised(name)
        let key = MetricName.labels(labels)
        return content.withLock { content in
            if let known = content.families[name]?.series[key] { return known }
            let other = content.families[name].map { $0.type != cell.type } ?? false
            guard content.count < Self.maximumSeries, !other else {
                refused.add()
                return cell
            }
            content.count += 1
            content.families[name, default: Family(type: cell.type)].series[key] = cell
            if !help.isEmpty { content.families[name]?.help = help }
            return cell
        }
    }

    private func append(_ cell: Cell, _ name: String, _ labels: String, to lines: inout [String]) {
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        switch cell {
        case .counter(let counter): lines.append("\(name)\(braced) \(counter.value)")
        case .gauge(let gauge): lines.append("\(name)\(braced) \(MetricName.number(gauge.value))")
        case .distribution(let distribution):
            let (quantiles, sum, count) = distribution.summary()
            for (quantile, value) in quantiles {
                let separator = labels.isEmpty ? "" : ","
                let text = MetricName.number(value)
                lines.append("\(name){\(labels)\(separator)quantile=\"\(quantile)\"} \(text)")
            }
            lines.append("\(name)_sum\(braced) \(MetricName.number(sum))")
            lines.append("\(name)_count\(braced) \(count)")
        }
    }
}

/// How names, labels and numbers are written for Prometheus.
enum MetricName {
    /// Letters, digits, `_` and `:`; anything else becomes `_`.
    static func sanitised(_ name: String) -> String {
        let text = String(
            name.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_", ":": Character(scalar)
                default: "_"
                }
            })
        return text.first?.isNumber ?? true ? "_" + text : text
    }

    /// `a="1",b="2"`, sorted by label.
    static func labels(_ labels: [(String, String)]) -> String {
        labels.sorted { $0.0 < $1.0 }
            .map { "\(sanitised($0).replacing(":", with: "_"))=\"\(escaped($1, quotes: true))\"" }
            .joined(separator: ",")
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }
}

private func escaped(_ text: String, quotes: Bool) -> String {
    let plain = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    return quotes ? plain.replacing("\"", with: "\\\"") : plain
}
