// "Did you mean": the declared name with the smallest edit distance.

/// How many insertions, deletions, substitutions and swaps of neighbours turn one text into the other
/// (optimal string alignment). Cost: the product of the lengths; for names only.
func editDistance(_ left: String, _ right: String) -> Int {
    let (a, b) = (Array(left.utf8), Array(right.utf8))
    var before: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            let substitution = previous[j] + (a[i] == b[j] ? 0 : 1)
            var best = min(substitution, previous[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
            row.append(best)
        }
        (before, previous) = (previous, row)
    }
    return previous[b.count]
}

/// The nearest of the names, the first in byte order among equals; nil only if there are none.
package func nearestName(to name: String, in names: some Sequence<String>) -> String? {
    names.map { (editDistance(name, $0), $0) }.min { $0 < $1 }?.1
}
