/// Why the network refused.
///
/// Whatever is thrown, nothing has changed: not a weight, not a moment, not the caller's state.
package enum NetworkError: Error, Equatable, Sendable {
  /// A size is below one or too large to be addressed.
  case badSize(name: String, found: Int)
  /// A setting is not a number in its range.
  case badSetting(name: String, found: Double, expected: String)
  /// A token is not in the vocabulary.
  case tokenOutOfRange(found: TokenID, vocabularySize: Int)
  /// A window in which no token is to be predicted, or a text too short for what was asked.
  case nothingToPredict
  /// The loss, a gradient or a weight would not be finite, or what was kept of them is not.
  case diverged(Quantity)

  /// What left the range of numbers that can be worked with.
  package enum Quantity: String, Sendable {
    case loss
    case gradient
    case weights
    case moments = "optimizer's moments"
  }
}

/// A token's number in the vocabulary.
package typealias TokenID = Int32
