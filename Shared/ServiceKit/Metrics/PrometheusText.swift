// Reads the text exposition back, for the status line of `up` and for `doctor`.

/// One line of a scrape.
package struct MetricSample: Equatable, Sendable {
    package var name: String
    /// As written: `symbol="IBM"`; empty without labels.
    package var labels: String
    package var value: Double
}

/// A parsed scrape.
package struct PrometheusText: Sendable {
    /// The samples in the order of the text.
    package let samples: [MetricSample]

    /// Comments, and lines that are not samples, are left out.
    package init(_ text: String) {
        samples = text.split(separator: "\n").compactMap(Self.sample)
    }

    /// The sum over all label sets of a name; nil if it is not there.
    package subscript(name: String) -> Double? {
        let found = samples.filter { $0.name == name }
        return found.isEmpty ? nil : found.reduce(0) { $0 + $1.value }
    }

    private static func sample(_ line: Substring) -> MetricSample? {
        guard line.first != "#", let space = line.lastIndex(of: " ") else { return nil }
        guard let value = Double(line[line.index(after: space)...]) else { return nil }
        let series = line[..<space]
        guard let brace = series.firstIndex(of: "{") else {
            return MetricSample(name: String(series), labels: "", value: value)
        }
        guard series.last == "}" else { return nil }
        let labels = series[series.index(after: brace)...].dropLast()
        return MetricSample(name: String(series[..<brace]), labels: String(labels), value: value)
    }
}
