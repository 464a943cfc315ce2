import Testing

@testable import Contracts

struct JSONValueTests {
    static let request =
        #"{"type":"replay","from":1,"to":2e2,"topics":["trade/"],"last":true,"x":0.5,"n":null}"#

    @Test("Members are read by name and type")
    func access() throws {
        let value = try JSONValue(parsing: Self.request)
        #expect(try value.string("type") == "replay")
        #expect(try value.unsigned("from") == 1)
        #expect(try value.integer("to") == 200)
        #expect(try value.array("topics").compactMap(\.asString) == ["trade/"])
        #expect(try value.bool("last"))
        #expect(try value.amount("x") == 50_000_000)
        #expect(try value.timestamp("x") == Timestamp(microseconds: 500_000))
        #expect(try value.double("x") == 0.5)
        #expect(value["n"] == .null)
        #expect(value["nothing"] == nil)
        #expect(value.text == Self.request)
    }

    @Test("What is not there or of another type is said in a sentence")
    func sentences() throws {
        let value = try JSONValue(parsing: Self.request)
        func sentence<R>(_ body: () throws(JSONValueError) -> R) -> String? {
            do {
                _ = try body()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(
            sentence { () throws(JSONValueError) in try value.string("from") }
                == "\"from\" must be a string, not 1")
        #expect(
            sentence { () throws(JSONValueError) in try value.string("name") }
                == "\"name\" is missing: it must be a string")
        #expect(
            sentence { () throws(JSONValueError) in try value.integer("x") }
                == "\"x\" must be a whole number, not 0.5")
        #expect(
            sentence { () throws(JSONValueError) in try JSONValue.null.integer("x") }
                == "\"x\" is looked for in null, not in an object")
        let long = JSONValue.object([.init("a", .string(String(repeating: "b", count: 50)))])
        #expect(
            sentence { () throws(JSONValueError) in try long.bool("a") }
                == "\"a\" must be true or false, not a string")
    }

    @Test("Writing separates by itself, after raw bytes too")
    func writer() {
        var writer = JSONWriter(capacity: 1)
        writer.appendSpace(9)
        writer.beginObject()
        writer.field("a", 1)
        writer.beginArray("b")
        writer.value(Int64(-2))
        writer.beginObject()
        writer.endObject()
        writer.value("x,")
        writer.endArray()
        writer.field("c", true)
        writer.field("d", Price(units: 150_000_000))
        writer.field("e", "\u{1}\"")
        writer.key("f")
        writer.null()
        writer.endObject()
        writer.append(0x0a)
        Array("deadbeef".utf8).withUnsafeBytes { writer.patch(at: 0, with: $0) }
        #expect(
            writer.string
                == #"deadbeef {"a":1,"b":[-2,{},"x,"],"c":true,"d":1.5,"e":"\u0001\"","f":null}"# + "\n"
        )
        writer.truncate(to: 9)
        writer.value(UInt64(7))
        #expect(writer.string == "deadbeef 7")
        writer.reset()
        #expect(writer.count == 0)
    }
}
