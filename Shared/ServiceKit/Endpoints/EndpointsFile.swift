// `endpoints.json` in the data folder. Written to a temporary name and renamed, so a reader sees the old
// table or the new one.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Endpoints {
    /// The file of a data folder.
    package static func file(in dataDirectory: String) -> String { dataDirectory + "/endpoints.json" }

    /// The JSON text: one name a line.
    package var json: String {
        let lines = named.map { "  \(JSONText.quoted($0.name)): \(JSONText.quoted($0.endpoint))" }
        return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
    }

    /// Writes the file whole; the folder must exist.
    package func write(toDataDirectory directory: String) throws(Failure) {
        let path = Self.file(in: directory)
        do {
            try Data(json.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Failure("endpoints_file", "\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// The endpoints of a data folder; names that are not known are skipped, missing ones keep their default.
    package init(dataDirectory directory: String) throws(Failure) {
        self.init()
        let path = Self.file(in: directory)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(
                "no_endpoints",
                "There is no \(path): no stack has run there. Start one with `trading-robot up --data-dir "
                    + "\(directory)`, or name the right folder with --data-dir.")
        }
        guard let table = try? JSONDecoder().decode([String: String].self, from: data) else {
            throw Failure(
                "endpoints_file",
                "\(path) is not a JSON object of endpoints. `up` writes it anew when it starts.")
        }
        for (name, field) in Self.fields {
            if let endpoint = table[name] { self[keyPath: field] = endpoint }
        }
        while let endpoint = table["runner-\(runnerHealth.count)-health-endpoint"] {
            runnerHealth.append(endpoint)
        }
    }
}
