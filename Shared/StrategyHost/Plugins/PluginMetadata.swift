// What a plugin says of itself, read from the JSON that it hands over.
//
// The parameters are a JSON Schema object; of each property `type`, `default`, `minimum`, `maximum`, `enum`
// and `description` are used, other keywords are accepted and left alone.

import Contracts

package struct PluginMetadata: Equatable, Sendable {
    package var id = ""
    package var name = ""
    package var version = ""
    package var description = ""
    /// Seconds of the bars that it asks for.
    package var barIntervals: [UInt32] = []
    package var parameters: [ParameterDeclaration] = []
    /// The JSON Schema of the parameters as the plugin wrote it; empty when there is none.
    package var parameterSchema = ""
    /// What an instance sees before its orders are taken; nil for nothing.
    package var warmUp: WarmUpDeclaration?

    /// - Throws: `MetadataError` with the reason.
    package init(json: String) throws(MetadataError) {
        let bytes = Array(json.utf8)
        let outcome = bytes.withUnsafeBytes { raw -> Result<PluginMetadata, MetadataError> in
            do throws(MetadataError) {
                return .success(try Self.read(raw))
            } catch {
                return .failure(error)
            }
        }
        self = try outcome.get()
    }

    private init() {}

    private static func read(_ raw: UnsafeRawBufferPointer) throws(MetadataError) -> PluginMetadata {
        var metadata = PluginMetadata()
        var warmUp: String?
        var requires: String?
        do throws(JSONError) {
            var reader = try JSONReader(raw)
            var scope = try reader.openObject()
            while let key = try reader.nextKey(in: &scope) {
                switch key.string {
                case "id": metadata.id = try reader.string().string
                case "name": metadata.name = try reader.string().string
                case "version": metadata.version = try reader.string().string
                case "description": metadata.description = try reader.string().string
                case "intervals": metadata.barIntervals = try intervals(&reader)
                case "parameters":
                    metadata.parameterSchema = String(decoding: try reader.raw(), as: UTF8.self)
                case "warm_up": warmUp = String(decoding: try reader.raw(), as: UTF8.self)
                case "requires": requires = String(decoding: try reader.raw(), as: UTF8.self)
                default: try reader.skip()
                }
            }
            try reader.finish()
        } catch {
            throw MetadataError(error.sentence)
        }
        guard NameRule.identifier.accepts(metadata.id.utf8) else {
            throw MetadataError("its id \"\(metadata.id)\" is not 1 to 40 of A-Z a-z 0-9 . _ -")
        }
        guard !metadata.version.isEmpty else { throw MetadataError("it has no version") }
        if let requires { try PlatformRequirement.check(requires) }
        if metadata.name.isEmpty { metadata.name = metadata.id }
        metadata.parameters = try ParameterSchema.read(metadata.parameterSchema)
        if let warmUp { metadata.warmUp = try WarmUpDeclaration.read(warmUp, metadata.parameters) }
        return metadata
    }

    private static func intervals(_ reader: inout JSONReader) throws(JSONError) -> [UInt32] {
        var found: [UInt32] = []
        var scope = try reader.openArray()
        while try reader.nextElement(in: &scope) { found.append(UInt32(clamping: try reader.unsigned())) }
        return found
    }
}

/// Why metadata cannot be used, to stand after "its metadata are invalid:".
package struct MetadataError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String
    /// Whether the metadata are right, and ask for what this platform does not have.
    package var isRequirement: Bool

    package init(isRequirement: Bool = false, _ description: String) {
        self.description = description
        self.isRequirement = isRequirement
    }

    /// As the reason why the plugin in a file cannot be used.
    func error(in path: String) -> PluginError {
        isRequirement
            ? PluginError(code: .missingRequirement, sentence: "\(path): \(description)")
            : PluginError(
                code: .invalidMetadata, sentence: "\(path): its metadata are invalid: \(description)")
    }
}
