import JSON
import LanguageModel
import RPC
import System
import Tokenizers

// One switch for each module's errors, none with a default: a new case of theirs must be given its place on the wire.

extension RPCError {
  /// - Parameter parameter: what the params call the file concerned, if they do.
  init(_ error: SystemError, parameter: String? = nil) {
    switch error {
    case .tooLarge(_, let limit):
      self = .limitExceeded(
        "fileBytes", limit: limit, message: "\(error)", hint: "split the file, and train on the parts one by one",
        data: parameter.map { ["path": .string($0)] } ?? [:])
    case .call, .wrongKind, .pathTooLong, .notPrivate, .outOfReach, .locked, .addressInUse, .notReady, .timedOut:
      let fallback = error.isMissing ? "check the path; it must be absolute" : nil
      self = .storage("\(error)", errno: error.errno, path: parameter, hint: error.hint ?? fallback)
    }
  }

  /// - Parameters:
  ///   - input: what the params call the text or ids concerned.
  ///   - source: where several texts came from.
  init(_ error: LanguageModelError, input: String = "text", source: TextSource? = nil) {
    switch error {
    case .noTokens:
      self = .invalidParams(
        path: input, "found no token in \(input), expected at least one", hint: "give text with a word in it")
    case .tokenOutOfRange(let token, let size):
      self = .tokenOutOfRange("\(token)", path: "ids", vocabularySize: size)
    case .invalidSetting(let name, _, _): self = .invalidParams(path: name, "\(error)")
    case .notText(let index, let offset):
      let parameter = source?.parameter(index) ?? input
      self = .invalidParams(
        path: parameter, "found bytes that are not UTF-8 at byte \(offset) of \(parameter), expected text",
        hint: "convert the file to UTF-8; binary files can't be learned from")
    case .diverged(let quantity): self = .diverged("the \(quantity)")
    case .cancelled: self = .cancelled()
    case .limitExceeded(let what, let found, let limit):
      self = .limitExceeded(what, limit: limit, found: found, message: "\(error)")
    case .tooLargeForMemory(let found, let limit, let wordCount):
      let other = "unload-model another model first"
      self = .limitExceeded(
        "modelBytes", limit: limit, found: found, message: "\(error)",
        hint: wordCount == nil ? other : "teach with fewer new words, or \(other)")
    case .missingFile, .corruptFile, .unsupported:
      self = .corruptFile("\(error)", hint: "restore the model's directory from a copy, or delete-model it")
    case .stepMismatch(let found, let expected): self = .stepMismatch(found: found, expected: expected)
    case .damaged(let file, let offset, _):
      self = .corruptFile(
        "\(error)", hint: "rnnd doctor explains it, and can repair into a copy; the other models are not affected",
        file: file, offset: offset)
    case .storage(let error): self.init(error)
    }
  }
}
