import Testing

@testable import StrategyHost

@Suite struct BriefLookTests {
    @Test func `it looks until something is there`() {
        var brief = BriefLook()
        for wanted in [1, 2, 30] {
            var looks = 0
            let found = brief.find {
                looks += 1
                return looks == wanted
            }
            // A thread that was put aside meanwhile may be out of time before it has looked often enough.
            if found { #expect(looks == wanted) } else { brief = BriefLook() }
        }
        #expect(brief.find { true })
    }

    @Test func `each failure doubles the waits without a look, up to a limit, and a success forgets them`() {
        var brief = BriefLook()
        for failures in 1...12 {
            var looks = 0
            let found = brief.find {
                looks += 1
                return false
            }
            #expect(!found)
            #expect(looks > 0)
            for _ in 0..<(1 << min(failures, BriefLook.mostDoublings)) {
                let found = brief.find {
                    Issue.record("it looks too soon")
                    return true
                }
                #expect(!found)
            }
        }
        #expect(brief.find { true })
        #expect(brief.find { true })
        #expect(!brief.find { false })
        #expect(!brief.find { true })
        #expect(!brief.find { true })
        #expect(brief.find { true })
    }
}
