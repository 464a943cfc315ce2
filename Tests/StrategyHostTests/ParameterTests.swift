import Contracts
import Testing

@testable import StrategyHost

@Suite struct ParameterTests {
    private func declarations() throws -> [ParameterDeclaration] {
        try PluginMetadata(
            json: #"""
                {"id":"p","version":"1","parameters":{"type":"object","properties":{
                "fast":{"default":10,"maximum":1000,"minimum":1,"type":"integer","x-unknown":[1,{"a":null}]},
                "gap":{"type":"number","default":0.05,"minimum":0},
                "on":{"type":"boolean","default":false},
                "side":{"type":"string","enum":["both","long"],"default":"both"},
                "note":{"type":"string","default":"a=b"}}}}
                """#
        ).parameters
    }

    @Test("texts change the defaults, everything else stays")
    func values() throws {
        let table: [(texts: [String], values: [String])] = [
            ([], ["10", "0.05", "false", "both", "a=b"]),
            (["fast=1000", "gap=0.00000001"], ["1000", "0.00000001", "false", "both", "a=b"]),
            (["note=", "on=true", "side=long"], ["10", "0.05", "true", "long", ""]),
            (["note=x=y,z", "gap=3"], ["10", "3", "false", "both", "x=y,z"]),
        ]
        for row in table {
            #expect(
                try ParameterValues(row.texts, for: declarations()).entries.map(\.value.text) == row.values)
        }
    }

    @Test("every error is told at once, with name, value and what is allowed")
    func errors() throws {
        let table: [(text: String, sentence: String)] = [
            ("fast=0", "fast=0: use a whole number from 1 to 1000"),
            ("fast=1.5", "fast=1.5: use a whole number from 1 to 1000"),
            ("gap=-1", "gap=-1: use a decimal with at most 8 places of at least 0"),
            ("gap=0.123456789", "gap=0.123456789: use a decimal with at most 8 places of at least 0"),
            ("gap=abc", "gap=abc: use a decimal with at most 8 places of at least 0"),
            ("on=yes", "on=yes: use true or false"),
            ("side=short", "side=short: use one of both, long"),
            ("slow=1", "slow=1: unknown parameter, the parameters are fast, gap, on, side, note"),
            ("fast", "\"fast\" is not of the form key=value"),
        ]
        for row in table {
            let error = #expect(throws: InvalidParameters.self) {
                try ParameterValues([row.text], for: declarations())
            }
            #expect(error?.description == row.sentence)
        }
        let all = #expect(throws: InvalidParameters.self) {
            try ParameterValues(["fast=0", "on=true", "on=true", "side="], for: declarations())
        }
        #expect(
            all?.problems.map(\.sentence) == [
                "fast=0: use a whole number from 1 to 1000", "on=true: on is given twice",
                "side=: use one of both, long",
            ])
        let none = #expect(throws: InvalidParameters.self) { try ParameterValues(["a=1"], for: []) }
        #expect(none?.description == "a=1: unknown parameter, this plugin has no parameters")
    }

    @Test("metadata that cannot be used are refused with the reason")
    func metadata() {
        func with(_ property: String) -> String {
            #"{"id":"p","version":"1","parameters":{"properties":{"a":\#(property)}}}"#
        }
        let table: [(json: String, reason: String)] = [
            (#"{"version":"1"}"#, "its id \"\" is not 1 to 40 of A-Z a-z 0-9 . _ -"),
            (#"{"id":"a b","version":"1"}"#, "its id \"a b\" is not 1 to 40 of A-Z a-z 0-9 . _ -"),
            (#"{"id":"a"}"#, "it has no version"),
            (with(#"{"type":"integer"}"#), "parameter a has no default"),
            (
                with(#"{"type":"integer","default":5,"maximum":4}"#),
                "the default 5 of parameter a is not a whole number of at most 4"
            ),
            (
                with(#"{"type":"date","default":5}"#),
                "the type of parameter a is not integer, number, boolean or string"
            ),
            (
                with(#"{"type":"integer","default":5,"minimum":9,"maximum":4}"#),
                "the bounds of parameter a are not two numbers of its type in order"
            ),
            (
                with(#"{"type":"string","default":"x","enum":[]}"#),
                "the enum of parameter a is not a list of texts"
            ),
        ]
        for row in table {
            #expect(throws: MetadataError(row.reason)) { try PluginMetadata(json: row.json) }
        }
    }
}
