// Which topics leave the process. The others are journalled and take a seq, and are read by replay only when
// they are asked for by name.

/// The rule of what is published.
enum Publication {
    /// Roots of the topics that are journalled and not published (DESIGN 6).
    static let unpublishedRoots = ["session/", "command/", "fence/", "input/"].map { Array($0.utf8) }

    /// Whether a record on this topic is sent to subscribers.
    static func isPublished(_ topic: some Collection<UInt8>) -> Bool {
        !unpublishedRoots.contains { topic.starts(with: $0) }
    }

    /// Whether a replay with these prefixes holds a record on this topic; none means all that is published.
    /// Something unpublished is held only by a prefix that names its root.
    static func isAsked(_ topic: some Collection<UInt8>, by prefixes: [[UInt8]]) -> Bool {
        guard let root = unpublishedRoots.first(where: { topic.starts(with: $0) }) else {
            return prefixes.isEmpty || prefixes.contains { topic.starts(with: $0) }
        }
        return prefixes.contains { $0.starts(with: root) && topic.starts(with: $0) }
    }
}
