import Contracts
import Testing

@testable import StrategyHost

@Suite struct PlatformRequirementTests {
    @Test("an older platform than the plugin requires is refused with both versions")
    func versions() throws {
        let table: [(required: String, platform: String, isWell: Bool)] = [
            ("0.1.0", "0.1.0", true), ("0.1", "0.1.0", true), ("0.0.9", "0.1.0", true),
            ("0.9", "0.10.0", true), ("1", "1.0.0", true), ("0.1.1", "0.1.0", false),
            ("0.10", "0.9.9", false), ("2", "1.9.9", false),
        ]
        for row in table {
            let check = { () throws(MetadataError) in
                try PlatformRequirement.check(#"{"platform":"\#(row.required)"}"#, against: row.platform)
            }
            guard !row.isWell else {
                try check()
                continue
            }
            let error = #expect(throws: MetadataError.self) { try check() }
            #expect(error?.description.contains("requires version \(row.required)") == true)
            #expect(error?.description.contains("this is \(row.platform)") == true)
        }
    }

    @Test("what is not a version is refused; what belongs to the language is left alone")
    func forms() throws {
        try PlatformRequirement.check(#"{"modules":["numpy"]}"#)
        for json in [
            #"{"platform":1}"#, #"{"platform":"one"}"#, #"{"platform":"1.2.3.4"}"#, #"["0.1"]"#, "7",
        ] {
            #expect(throws: MetadataError.self) { try PlatformRequirement.check(json) }
        }
        let metadata = #"{"id":"a","version":"1","requires":{"platform":"999.0"}}"#
        let error = #expect(throws: MetadataError.self) { try PluginMetadata(json: metadata) }
        #expect(error?.description.contains("999.0") == true)
    }
}
