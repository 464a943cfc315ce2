// The PostgreSQL server that the test script starts, and a schema in it for each test.

import CPostgreSQL
import Foundation
import Testing

@testable import Persistence

enum Server {
    /// Set by Tests/Scripts/postgresql.sh.
    static let url = ProcessInfo.processInfo.environment["TEST_DATABASE_URL"]

    /// Whether PostgreSQL can be tested; says so when not.
    static func isThere() -> Bool {
        if url == nil {
            print(
                "SKIP postgresql: no server; `make test` starts one when Debian's postgresql is installed")
        }
        return url != nil
    }

    /// Runs statements beside any store.
    static func execute(_ sql: String) throws {
        let handle = try #require(PQconnectdb(url ?? ""))
        defer { PQfinish(handle) }
        let result = PQexec(handle, sql)
        defer { PQclear(result) }
        let isDone = [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result))
        try #require(isDone, "\(String(cString: PQerrorMessage(handle)))")
    }
}

/// A schema that goes away with its owner, so that tests run side by side.
final class Schema {
    let name = "t" + UUID().uuidString.replacing("-", with: "").lowercased()

    init() throws { try Server.execute("CREATE SCHEMA \(name)") }

    deinit { try? Server.execute("SET client_min_messages = warning; DROP SCHEMA \(name) CASCADE") }

    /// The server with this schema in front.
    var url: String {
        let url = Server.url ?? ""
        return url + (url.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(name)"
    }
}

extension DatabaseStore {
    /// Makes a change fail: `BEFORE UPDATE ON positions`, with or without a condition.
    func inject(_ change: String) throws {
        switch dialect {
        case .sqlite:
            try execute("CREATE TRIGGER injected \(change) BEGIN SELECT RAISE(ABORT, 'injected'); END")
        case .postgresql:
            let parts = change.split(separator: " WHEN ", maxSplits: 1).map(String.init)
            let condition = parts.count > 1 ? "WHEN (\(parts[1]))" : ""
            try execute(
                """
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'injected'; END $$;
                CREATE TRIGGER injected \(parts[0]) FOR EACH ROW \(condition) EXECUTE FUNCTION fail();
                """)
        }
    }

    func removeInjected(_ change: String) throws {
        let table = change.split(separator: " ON ")[1].split(separator: " ")[0]
        try execute("DROP TRIGGER injected" + (dialect == .postgresql ? " ON \(table)" : ""))
    }
}
