import Contracts

/// Reports in hand, oldest first; nearly always empty or one. Limit: the simulator sends at most
/// `ServedSession.reportWindow` beyond what the runner's progress has covered.
struct ReportQueue {
    private var items: [Report] = []
    private var head = 0

    var first: Report? { head < items.count ? items[head] : nil }
    var last: Report? { head < items.count ? items[items.count - 1] : nil }

    mutating func append(_ report: Report) { items.append(report) }

    mutating func removeFirst() {
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        }
    }
}
