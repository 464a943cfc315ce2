// The services of one data folder, started and watched by the test itself: each can be armed with a crash
// point of its own, stopped, killed, and started again without a pause.

import Foundation
import Testing

final class ServiceGroup {
    /// One service: how it is started, and the process that runs now.
    final class Member {
        let name: String
        let service: Service
        fileprivate let arguments: [String]
        fileprivate(set) var program: Program?
        /// The point at which it will end itself.
        fileprivate(set) var armed: CrashPoint?
        /// Whether the test has ended it.
        fileprivate(set) var isEnded = false
        /// When a stopped process goes on.
        fileprivate(set) var stoppedUntil: ContinuousClock.Instant?
        fileprivate var startAt = ContinuousClock.now

        fileprivate init(_ name: String, _ service: Service, _ arguments: [String]) {
            self.name = name
            self.service = service
            self.arguments = arguments
        }
    }

    let folder: String
    let members: [Member]
    private let environment: [String: String]
    /// How often a service ended itself at each point.
    private(set) var hits: [CrashPoint: Int] = [:]
    private(set) var starts = 0
    /// What should not have happened: a service that ended by itself.
    private(set) var troubles: [String] = []

    /// - Parameters:
    ///   - source: flags of the gateway.
    ///   - snapshotEvery: market events between two snapshots of the sessions, and of a strategy.
    ///   - environment: of every service.
    init(
        in folder: String, source: [String], runners: Int, leaseTerm: String, snapshotEvery: Int,
        environment: [String: String] = [:]
    ) {
        self.folder = folder
        self.environment = environment
        func at(_ name: String) -> String { "ipc://\(folder)/\(name)" }
        let common = [
            "--data-dir", folder, "--parent-pid", "\(ProcessInfo.processInfo.processIdentifier)",
            "--health-endpoint", "http://127.0.0.1:0",
        ]
        let market = ["--market-data-endpoint", at("m"), "--market-data-replay-endpoint", at("mr")]
        let trades = ["--trades-endpoint", at("t"), "--trade-replay-endpoint", at("tr")]
        let orders = ["--order-entry-endpoint", at("o"), "--snapshot-every", "\(snapshotEvery)"]
        var members = [
            Member("gateway", .gateway, common + market + ["--provider", "replay"] + source),
            Member("simulator", .simulator, common + market + orders + trades),
            Member(
                "tracker", .tracker,
                common + trades + ["--performance-endpoint", at("p"), "--ingest-endpoint", at("i")]),
        ]
        for number in 1...runners {
            members.append(
                Member(
                    "runner \(number)", .runner,
                    common + market + orders
                        + [
                            "--number", "\(number)", "--source", "runner-\(number)", "--lease-term",
                            leaseTerm,
                        ]
                ))
        }
        self.members = members
    }

    // MARK: faults

    /// Ends a service; it is started again when `look` finds it ended.
    func end(_ member: Member, _ signal: Int32 = SIGKILL) {
        guard let program = member.program else { return }
        member.isEnded = true
        // A stopped process hears nothing but SIGKILL.
        if signal != SIGKILL, member.stoppedUntil != nil { program.send(SIGCONT) }
        program.send(signal)
        member.stoppedUntil = nil
    }

    /// Stops a service for a while.
    func stop(_ member: Member, for time: Duration) {
        guard let program = member.program, member.stoppedUntil == nil, !member.isEnded else { return }
        program.send(SIGSTOP)
        member.stoppedUntil = .now + time
    }

    // MARK: watching

    /// Lets stopped services go on whose time has come, and starts what has ended.
    ///
    /// - Parameter arm: which crash point a service that starts is armed with, and at which visit it ends.
    func look(
        arm: (Member) -> (point: CrashPoint, visit: Int)?, pause: (Member) -> Duration = { _ in .zero }
    ) throws {
        for member in members {
            if let until = member.stoppedUntil, until <= .now {
                member.program?.send(SIGCONT)
                member.stoppedUntil = nil
            }
            if let program = member.program, !program.isRunning {
                note(member, program.printed)
                member.program = nil
                member.startAt = .now + pause(member)
            }
            guard member.program == nil, member.startAt <= .now else { continue }
            let wish = arm(member)
            var environment = environment
            if let wish { environment["CRASH_POINT"] = "\(wish.point.rawValue):\(wish.visit)" }
            member.armed = wish?.point
            member.isEnded = false
            member.stoppedUntil = nil
            member.program = try Program(
                member.service.rawValue, member.arguments, environment: environment)
            starts += 1
        }
    }

    private func note(_ member: Member, _ outcome: Outcome) {
        if let point = member.armed, !member.isEnded, outcome.code == 128 + SIGKILL {
            hits[point, default: 0] += 1
        } else if !member.isEnded || ![0, 130, 128 + SIGKILL, 128 + SIGTERM].contains(outcome.code) {
            let last = outcome.errors.split(separator: "\n").suffix(3).joined(separator: "\n")
            troubles.append("\(member.name) ended with \(outcome.code): \(last)")
        }
    }

    /// Ends all services at once, as when the machine loses power, and waits until they are gone.
    func endAll() async throws {
        for member in members { end(member) }
        for member in members { _ = try await member.program?.wait(seconds: 10) }
        for member in members { member.program = nil }
    }
}
