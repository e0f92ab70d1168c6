package import JSON

/// A request's `id`: a string, a number or null, with the text in which it was written, since replies repeat it so.
///
/// Two ids are the same when their values are: `"é"` and `"\u00e9"`, `1` and `1.0`.
package struct RequestID: Sendable {
  /// The JSON text as the client wrote it.
  package let literal: [UInt8]

  /// Null, a number or a string.
  package let value: JSONValue

  package static let null = RequestID(uncheckedValue: .null, literal: JSONValue.null.compactBytes)

  package init(_ number: Int) {
    let value = JSONValue(number)
    self.init(uncheckedValue: value, literal: value.compactBytes)
  }

  package init(_ string: String) {
    let value = JSONValue.string(string)
    self.init(uncheckedValue: value, literal: value.compactBytes)
  }

  /// Nil unless the value is a string, a number or null.
  /// - Parameter literal: how the value was written; by default as the printer writes it.
  package init?(_ value: JSONValue, literal: [UInt8]? = nil) {
    switch value {
    case .null, .number, .string: self.init(uncheckedValue: value, literal: literal ?? value.compactBytes)
    case .bool, .array, .object: return nil
    }
  }

  private init(uncheckedValue value: JSONValue, literal: [UInt8]) {
    self.value = value
    self.literal = literal
  }
}

extension RequestID: Hashable {
  package static func == (left: RequestID, right: RequestID) -> Bool {
    if left.value == right.value { return true }
    guard let left = left.value.int, let right = right.value.int else { return false }
    return left == right
  }

  package func hash(into hasher: inout Hasher) {
    if let int = value.int {
      hasher.combine(int)
    } else {
      // Equal values that are no `Int` print alike.
      hasher.combine(value.compactBytes)
    }
  }
}
