package import System

/// Why a model can't be made, read, kept or taught.
///
/// No case carries text of the user: tokens are named by their numbers, files by their names.
package enum LanguageModelError: Error, Equatable, Sendable {
  /// There is nothing to learn or to score: the text (or every text of a batch) has no token.
  case noTokens
  /// A token's number is not in the vocabulary.
  case tokenOutOfRange(token: Int, vocabularySize: Int)
  /// A parameter, under its name on the wire, can't be used.
  case invalidSetting(name: String, found: String, expected: String)
  /// Text to learn from is not UTF-8. `source` counts the texts or files from 0.
  case notText(source: Int, offset: Int)
  /// The loss, a gradient or a weight was not finite; the update was not applied.
  case diverged(String)
  /// The caller's `isCancelled` said so; nothing was changed.
  case cancelled
  /// Something would be larger than this program handles.
  case limitExceeded(what: String, found: Int, limit: Int)
  /// A model would take more bytes of memory than it may.
  ///
  /// - Parameter wordCount: how many words it would have, when it is new ones that take so much.
  case tooLargeForMemory(found: Int, limit: Int, wordCount: Int?)
  /// A directory lacks a file that a model needs.
  case missingFile(String)
  /// A file of a model directory is damaged, or does not fit the others.
  case corruptFile(name: String, reason: String)
  /// A file of a model directory asks for what is not done here.
  case unsupported(file: String, reason: String)
  /// A lesson was meant for the model at another count of updates.
  case stepMismatch(found: Int, expected: Int)
  /// What the store keeps is damaged: which file, within the model's directory, from which byte on, and how.
  case damaged(file: String, offset: Int, what: String)
  /// The operating system failed.
  case storage(SystemError)
}

extension LanguageModelError: CustomStringConvertible {
  /// One sentence without capital and full stop: what was found and what was expected.
  package var description: String {
    switch self {
    case .noTokens: "found no token in the text, expected at least one"
    case .tokenOutOfRange(let token, let size): "found the token id \(token), expected 0 to \(size - 1)"
    case .invalidSetting(let name, let found, let expected): "found \(found) for \(name), expected \(expected)"
    case .notText(let source, let offset):
      "found bytes that are not UTF-8 at byte \(offset) of text \(source), expected text"
    case .diverged(let what): "the \(what) was not finite: the step was not applied"
    case .cancelled: "cancelled; nothing was changed"
    case .limitExceeded(let what, let found, let limit): "found \(found) \(what), expected at most \(limit)"
    case .tooLargeForMemory(let found, let limit, let wordCount?):
      "found \(wordCount) words, with which the model would take \(found) bytes, expected at most \(limit)"
    case .tooLargeForMemory(let found, let limit, nil):
      "found a model of \(found) bytes in memory, expected at most the \(limit) left"
    case .missingFile(let name): "found no \(name) in the model's directory, expected one"
    case .corruptFile(let name, let reason): "\(name) can't be used: \(reason)"
    case .unsupported(let file, let reason): "\(file) asks for what is not supported: \(reason)"
    case .stepMismatch(let found, let expected): "found the model at step \(found), expected \(expected)"
    case .damaged(let file, let offset, let what): "\(file) is damaged at byte \(offset): \(what)"
    case .storage(let error): "\(error)"
    }
  }
}
