/// The numbers of all orders that were ever accepted, so that "too late" can be told from "unknown".
///
/// One bit a number in pages of 64 that exist only where there are orders: a long run costs a quarter of a
/// byte for each command, and a wild number costs one page.
struct OrderNumbers: Sendable {
    private struct Page: Sendable {
        var index: UInt64
        var bits: UInt64
    }

    /// Ascending by index.
    private var pages: [Page] = []

    mutating func insert(_ number: UInt64) {
        let place = place(of: number / 64)
        if place == pages.count || pages[place].index != number / 64 {
            pages.insert(Page(index: number / 64, bits: 0), at: place)
        }
        pages[place].bits |= 1 << (number % 64)
    }

    func contains(_ number: UInt64) -> Bool {
        let place = place(of: number / 64)
        guard place < pages.count, pages[place].index == number / 64 else { return false }
        return pages[place].bits & (1 << (number % 64)) != 0
    }

    /// The first page whose index is not below this one. Orders come in ascending order: the last is tried
    /// first.
    private func place(of index: UInt64) -> Int {
        guard let last = pages.last, index <= last.index else { return pages.count }
        if index == last.index { return pages.count - 1 }
        var low = 0
        var high = pages.count
        while low < high {
            let middle = (low + high) / 2
            if pages[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension OrderNumbers: Stored {
    /// Pages that follow each other are one run: nearly always there is one.
    func write(into state: inout StateWriter) {
        var begins: [Int] = []
        for place in pages.indices where place == 0 || pages[place].index != pages[place - 1].index + 1 {
            begins.append(place)
        }
        state.put(each: begins.indices) { number, state in
            let end = number + 1 < begins.count ? begins[number + 1] : pages.count
            state.put(pages[begins[number]].index)
            state.put(each: pages[begins[number]..<end]) { $1.put(bits: $0.bits) }
        }
    }

    init(from state: inout StateReader) throws(StateError) {
        for _ in 0..<(try state.takeCount()) {
            var index: UInt64 = try state.take()
            guard pages.last.map({ $0.index < index }) ?? true else { throw StateError() }
            for _ in 0..<(try state.takeCount()) {
                pages.append(Page(index: index, bits: try state.takeBits()))
                index += 1
            }
        }
    }
}
