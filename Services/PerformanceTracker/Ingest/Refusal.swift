// Why a message cannot be booked, from whatever went wrong with it.

import Contracts
import Persistence

/// Why a message cannot be booked.
struct Refusal: Error, Equatable {
    var reason: DeadLetterReason
    var stage: DeadLetterStage
    var sentence: String
    var offset: Int?
}

extension Refusal {
    /// What an error at the door means. What is no JSON at all is that first, whatever was expected of it.
    init(_ error: any Error, in json: UnsafeRawBufferPointer) {
        self.init(error)
        guard reason == .schemaViolation, stage == .decode else { return }
        do throws(JSONError) {
            var reader = try JSONReader(json)
            try reader.skip()
            try reader.finish()
        } catch {
            self.init(error as any Error)
        }
    }

    private init(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as JSONError:
            self.init(
                reason: DeadLetterReason(error), stage: .decode, sentence: error.sentence,
                offset: error.offset)
        default: self.init(reason: .handlerError, stage: .validate, sentence: "\(error)")
        }
    }
}

extension DeadLetterReason {
    init(_ error: JSONError) {
        switch error.code {
        case .messageTooLong, .tooDeep, .tooManyKeys, .numberTooLong: self = .oversize
        case .unexpectedEnd, .unexpectedByte, .trailingBytes, .controlCharacter, .invalidEscape,
            .loneSurrogate, .invalidUTF8, .invalidNumber, .leadingZero, .duplicateKey:
            self = .malformedJSON
        case .tooManyDecimals, .outOfRange: self = .outOfRange
        case .unknownVersion: self = .unsupportedVersion
        case .wrongType, .missingField, .unknownType, .unknownWord, .invalidName, .unexpectedValue:
            self = .schemaViolation
        }
    }
}
