import Foundation
import Synchronization
import Testing

@testable import ServiceKit

private let program = ServiceProgram(
    name: "test-service", summary: "A service of the tests.", source: "test", healthPort: 0, settings: [])
private let quiet = ["--log-level", "critical"]

private struct Broken: Error, CustomStringConvertible { let description = "The journal is broken." }

/// Blocks the calling thread until the program is stopped, as a bus does.
private func waitForStop(_ stop: StopSignal) {
    let done = DispatchSemaphore(value: 0)
    stop.onStop { done.signal() }
    done.wait()
}

@Suite struct LifecycleTests {
    @Test("stopping happens once, and reaches those who come late")
    func stopSignal() {
        let stop = StopSignal()
        let calls = Atomic<Int>(0)
        stop.onStop { calls.wrappingAdd(1, ordering: .relaxed) }
        #expect(!stop.isStopping)
        #expect(stop.hasHandlers)
        stop.stop(.interrupted)
        stop.stop(.asked)
        #expect(stop.isStopping)
        #expect(stop.cause == .interrupted)
        stop.onStop { calls.wrappingAdd(10, ordering: .relaxed) }
        #expect(calls.load(ordering: .relaxed) == 11)
    }

    @Test("the bus thread is a thread of its own, and what it throws ends the group")
    func bus() async throws {
        let stop = StopSignal()
        let idle = BusService(name: "idle", stop: stop) { waitForStop(stop) }
        let failing = BusService(name: "failing", stop: stop) {
            #expect(Thread.current.name == "failing")
            throw Broken()
        }
        await #expect(throws: Broken.self) { try await runGroup([failing], beside: idle, stop: stop) }
        #expect(stop.isStopping)
    }

    @Test("a body that returns ends the service with code 0")
    func returns() async {
        await #expect(processExitsWith: .exitCode(0)) {
            await runService(program, arguments: quiet, environment: [:]) { _ in }
        }
    }

    @Test("SIGTERM and SIGINT stop the body and end with code 0")
    func signals() async {
        await #expect(processExitsWith: .exitCode(0)) {
            await runService(program, arguments: quiet, environment: [:]) { context in
                kill(getpid(), SIGTERM)
                waitForStop(context.stop)
            }
        }
        await #expect(processExitsWith: .exitCode(0)) {
            await runService(program, arguments: quiet, environment: [:]) { context in
                kill(getpid(), SIGINT)
                waitForStop(context.stop)
                guard context.stop.cause == .interrupted else { _exit(3) }
            }
        }
    }

    @Test("a body that does not stop is ended")
    func stuck() async {
        // It ends at all, and with code 1: the body waits for ever.
        await #expect(processExitsWith: .exitCode(1)) {
            await runService(program, arguments: quiet, environment: [:]) { _ in
                kill(getpid(), SIGTERM)
                DispatchSemaphore(value: 0).wait()
            }
        }
    }

    @Test("an error is one sentence and code 1")
    func failure() async {
        let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
            await runService(program, arguments: quiet, environment: [:]) { _ in throw Broken() }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("test-service: The journal is broken.\n"))
        #expect(!text.contains("Fatal"))
    }

    @Test("wrong use is code 2, help is code 0")
    func wrongUse() async {
        let result = await #expect(processExitsWith: .exitCode(2), observing: [\.standardErrorContent]) {
            await runService(program, arguments: ["--data-dri", "x"], environment: [:]) { _ in }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("test-service: There is no flag --data-dri. Did you mean --data-dir?\n"))
        await #expect(processExitsWith: .exitCode(2)) {
            await runService(program, arguments: ["operand"], environment: [:]) { _ in }
        }
        let help = await #expect(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) {
            await runService(program, arguments: ["--help"], environment: [:]) { _ in }
        }
        let shown = String(decoding: help?.standardOutputContent ?? [], as: UTF8.self)
        #expect(shown.contains("env LOG_FORMAT"))
    }

    @Test("a service stops when its parent is gone")
    func orphan() async {
        await #expect(processExitsWith: .exitCode(0)) {
            // Process 1 is nobody's parent here, so the watch finds it gone at once.
            await runService(program, arguments: quiet + ["--parent-pid", "\(Int32.max)"], environment: [:]) {
                waitForStop($0.stop)
                guard $0.stop.cause == .orphaned else { _exit(3) }
            }
        }
    }

    @Test("a second signal ends the process at once")
    func secondSignal() async {
        await #expect(processExitsWith: .exitCode(130)) {
            await runService(program, arguments: quiet, environment: [:]) { context in
                kill(getpid(), SIGTERM)
                waitForStop(context.stop)
                kill(getpid(), SIGINT)
                DispatchSemaphore(value: 0).wait()
            }
        }
    }
}
