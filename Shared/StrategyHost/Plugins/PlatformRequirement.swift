// The version of the platform, and what a plugin's metadata ask of it: `"requires":{"platform":"0.2.0"}` is
// the oldest version that will do.

import Contracts

package enum PlatformRequirement {
    /// What this platform is.
    package static let version = "0.1.0"

    /// Checks the value of `requires`; keys other than `platform` belong to the plugin's language.
    static func check(_ json: String, against version: String = version) throws(MetadataError) {
        guard case .object(let members)? = try? JSONValue(parsing: json) else {
            throw MetadataError(
                "requires is not an object with each key once, as in {\"platform\":\"\(version)\"}")
        }
        guard let wanted = members.first(where: { $0.name == "platform" }) else { return }
        guard let text = wanted.value.asString, let least = numbers(text), let found = numbers(version) else {
            throw MetadataError("requires.platform is not a version such as \"\(version)\"")
        }
        guard !found.lexicographicallyPrecedes(least) else {
            throw MetadataError(
                isRequirement: true,
                "it requires version \(text) of the platform or a newer one, this is \(version): update the "
                    + "platform, or use an older version of the plugin")
        }
    }

    /// `1.2` as 1, 2, 0; nil when it is not one to three numbers with dots between them.
    private static func numbers(_ text: String) -> [Int]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { UInt16($0).map(Int.init) }
        guard (1...3).contains(parts.count), numbers.count == parts.count else { return nil }
        return numbers + Array(repeating: 0, count: 3 - numbers.count)
    }
}
