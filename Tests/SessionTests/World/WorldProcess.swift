// What the processes of a simulated world have in common. A new one is a class of this kind and a line in
// `World.init`.

protocol WorldProcess: AnyObject {
    /// Begins, at the beginning of the world.
    func start()
    /// Called every `World.tick`: heartbeats, leases, what is repeated, and the faults that strike anywhere.
    func tick()
    /// For the sentence of a world that is stuck.
    var standing: String { get }
}
