// A PostgreSQL database of its own for one run, on the server that the test script has started.

import Foundation
import Testing

enum RunDatabase {
    /// Set by Tests/Scripts/postgresql.sh.
    private static let server = ProcessInfo.processInfo.environment["TEST_DATABASE_URL"]

    /// Whether PostgreSQL can be tested.
    static var isThere: Bool { server != nil }
    static let missing =
        "SKIP postgresql: no server; `make test` starts one when Debian's postgresql is installed"

    /// Makes a database, hands over its URL, and removes it whatever happens.
    static func with(_ body: (String) async throws -> Void) async throws {
        let name = "run" + UUID().uuidString.replacing("-", with: "").lowercased()
        var parts = try #require(URLComponents(string: server ?? ""))
        parts.path = "/" + name
        let url = try #require(parts.string)
        try await execute("CREATE DATABASE \(name)")
        do {
            try await body(url)
        } catch {
            _ = try? await execute("DROP DATABASE \(name) WITH (FORCE)")
            throw error
        }
        try await execute("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// Ends every connection to a database, as a restart of the server does.
    static func cutConnections(to url: String) async throws {
        let name = URLComponents(string: url)?.path.dropFirst() ?? ""
        try await execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'")
    }

    /// Runs one statement in a database, or in the server's own.
    @discardableResult
    static func execute(_ statement: String, in url: String? = nil) async throws -> String {
        let outcome = try await Program(
            "/usr/bin/env",
            ["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", statement, url ?? server ?? ""]
        ).wait()
        try #require(outcome.code == 0, "\(statement): \(outcome.errors)")
        return outcome.output
    }
}
