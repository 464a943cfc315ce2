// One connection of a runner's DEALER to the simulator's ROUTER: ordered in both directions; an interruption
// loses what is under way, and what had left may still arrive, late, beside the new connection.

import Contracts

final class Wire {
    private unowned let world: World
    private unowned let runner: RunnerProcess
    private let runnerLife: Int
    private let simulatorLife: Int
    /// The number by which the simulator knows it; another one after it was forgotten for its silence.
    private var peer: CommandPeer?
    private(set) var isOpen = true
    private var upward: [[UInt8]] = []
    private var downward: [[UInt8]] = []
    private var lastUp = 0
    private var lastDown = 0

    init(_ world: World, _ runner: RunnerProcess) {
        self.world = world
        self.runner = runner
        runnerLife = runner.life
        simulatorLife = world.simulator.life
    }

    // MARK: sending

    func sendUp(_ bytes: UnsafeRawBufferPointer) {
        for message in messages(bytes) {
            guard isOpen else { return }
            upward.append(message)
            lastUp = max(lastUp, world.now + world.delay(150))
            planUp(at: lastUp)
        }
        // Connections break where something is under way more often than elsewhere.
        if world.strikes(0.3) { runner.breakConnection() }
    }

    private func planUp(at time: Int) { world.plan(in: time - world.now) { self.arriveUp() } }

    private func arriveUp() {
        guard !upward.isEmpty, world.simulator.isUp, world.simulator.life == simulatorLife else { return }
        guard world.simulator.isAwake else { return planUp(at: world.now + 200) }
        let bytes = upward.removeFirst()
        world.simulator.receive(bytes, from: peer ?? meet())
    }

    private func meet() -> CommandPeer {
        let new = world.simulator.meet(self)
        peer = new
        return new
    }

    func sendDown(_ bytes: UnsafeRawBufferPointer) {
        guard isOpen else { return }
        for message in messages(bytes) {
            downward.append(message)
            lastDown = max(lastDown, world.now + world.delay(150))
            planDown(at: lastDown)
        }
    }

    /// The lines as one message, or each as its own: nothing may rely on lines arriving together.
    private func messages(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
        guard world.random.chance(0.3) else { return [Array(bytes)] }
        return bytes.split(separator: 0x0a).map(Array.init)
    }

    private func planDown(at time: Int) { world.plan(in: time - world.now) { self.arriveDown() } }

    private func arriveDown() {
        guard isOpen, !downward.isEmpty, runner.isUp, runner.life == runnerLife else { return }
        guard runner.isAwake else { return planDown(at: world.now + 200) }
        runner.receive(downward.removeFirst(), on: self)
    }

    // MARK: interruptions

    /// The client closes its socket: of what waits to leave some is lost, what comes back is.
    func close() {
        guard isOpen else { return }
        isOpen = false
        downward = []
        upward.removeLast(world.random.below(upward.count + 1))
        world.plan(in: world.random.within(100...4_000)) { self.forget() }
    }

    /// The connection is mended behind the client's back: the simulator sees no other peer, but what was
    /// under way is lost, and the end of what waited arrives.
    func lose() {
        downward = []
        upward.removeFirst(world.random.below(upward.count + 1))
    }

    /// The simulator has heard nothing for long. What comes later comes from somebody new.
    func forget() {
        guard let peer, world.simulator.isUp, world.simulator.life == simulatorLife else { return }
        self.peer = nil
        world.simulator.forget(peer)
    }

    /// The simulator is gone: nothing reaches it, and of what it had sent the beginning still arrives.
    func sever() {
        upward = []
        downward.removeLast(world.random.below(downward.count + 1))
    }
}
