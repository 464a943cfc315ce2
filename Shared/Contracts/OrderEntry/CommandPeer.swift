/// One connection of the order entry, for as long as it stands. Never used twice in a process.
package struct CommandPeer: Hashable, Sendable {
    package let number: UInt64

    package init(number: UInt64) { self.number = number }
}
