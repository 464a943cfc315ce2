// What happens when in a simulated world: a heap of moments, ties in the order in which they were planned.

struct Agenda {
    private struct Item {
        var time: Int
        var order: Int
        var action: () -> Void

        func isBefore(_ other: Item) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    private var heap: [Item] = []
    private var planned = 0
    /// The moment that it is.
    private(set) var now = 0

    var isEmpty: Bool { heap.isEmpty }

    mutating func plan(in delay: Int, _ action: @escaping () -> Void) {
        planned += 1
        heap.append(Item(time: now + max(0, delay), order: planned, action: action))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Moves the clock to the next moment and says what happens then.
    mutating func takeNext() -> (() -> Void)? {
        guard let first = heap.first else { return nil }
        now = first.time
        let last = heap.removeLast()
        if heap.isEmpty { return first.action }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            if least == parent { return first.action }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
