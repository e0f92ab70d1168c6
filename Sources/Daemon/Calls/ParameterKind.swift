package import JSON
import RPC

/// What a parameter takes: enough to check a value, to print help, to parse a flag and to write a JSON schema.
package enum ParameterKind: Equatable, Sendable {
  /// Text of the user's, of any length that fits a line.
  case text
  /// A short string, like a name.
  case string
  /// The absolute path of a file or directory: the daemon has another working directory than its clients.
  case path
  case boolean
  case integer(ClosedRange<Int>)
  case number(NumberRange)
  /// One of a few strings.
  case choice([String])
  /// An array whose elements are all of one kind.
  indirect case list(of: ParameterKind, count: ClosedRange<Int>)
  /// Any JSON value.
  case anything
}

/// The numbers that a parameter takes; infinities and NaN are never among them.
package struct NumberRange: Equatable, Sendable {
  package var minimum: Double
  package var maximum: Double
  /// Whether the minimum itself is out of range.
  package var excludesMinimum: Bool

  package static func from(_ minimum: Double, through maximum: Double) -> NumberRange {
    NumberRange(minimum: minimum, maximum: maximum, excludesMinimum: false)
  }

  package static func above(_ minimum: Double, through maximum: Double) -> NumberRange {
    NumberRange(minimum: minimum, maximum: maximum, excludesMinimum: true)
  }

  package func contains(_ value: Double) -> Bool {
    value <= maximum && (excludesMinimum ? value > minimum : value >= minimum)
  }

  /// The range in words: `above 0, at most 100`.
  package var words: String {
    "\(excludesMinimum ? "above" : "at least") \(JSONValue(finite: minimum)), at most \(JSONValue(finite: maximum))"
  }
}

extension ParameterKind {
  /// What is expected, in words for messages and help.
  package var expectation: String {
    switch self {
    case .text: "text (a string)"
    case .string: "a string"
    case .path: "an absolute path"
    case .boolean: "true or false"
    case .integer(let range) where range.upperBound == .max: "a whole number, at least \(range.lowerBound)"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "a number \(range.words)"
    case .choice(let choices): "one of \(choices.map { "\"\($0)\"" }.joined(separator: ", "))"
    case .list(let element, let count) where count == 0...Int.max: "an array of \(element.plural)"
    case .list(let element, let count):
      count.upperBound == .max
        ? "an array of \(element.plural), at least \(count.lowerBound)"
        : "an array of \(count.lowerBound) to \(count.upperBound) \(element.plural)"
    case .anything: "any value"
    }
  }

  private var plural: String {
    switch self {
    case .text, .string, .choice: "strings"
    case .path: "absolute paths"
    case .boolean: "booleans"
    case .integer: "whole numbers"
    case .number: "numbers"
    case .list: "arrays"
    case .anything: "values"
    }
  }

  /// The kind as a JSON schema.
  package var schema: JSONValue {
    switch self {
    case .text, .string: ["type": "string"]
    case .path: ["type": "string", "pattern": "^/"]
    case .boolean: ["type": "boolean"]
    case .integer(let range):
      range.upperBound == .max
        ? ["type": "integer", "minimum": .number(JSONNumber(range.lowerBound))]
        : [
          "type": "integer", "minimum": .number(JSONNumber(range.lowerBound)),
          "maximum": .number(JSONNumber(range.upperBound)),
        ]
    case .number(let range):
      [
        "type": "number",
        (range.excludesMinimum ? "exclusiveMinimum" : "minimum"): JSONValue(finite: range.minimum),
        "maximum": JSONValue(finite: range.maximum),
      ]
    case .choice(let choices): ["type": "string", "enum": .array(choices.map { .string($0) })]
    case .list(let element, let count):
      count.upperBound == .max
        ? ["type": "array", "items": element.schema, "minItems": .number(JSONNumber(count.lowerBound))]
        : [
          "type": "array", "items": element.schema, "minItems": .number(JSONNumber(count.lowerBound)),
          "maxItems": .number(JSONNumber(count.upperBound)),
        ]
    case .anything: [:]
    }
  }

  /// Checks a client's value, deeply.
  ///
  /// - Throws: invalid-params with the path of the value that isn't as expected and what was found there.
  func check(_ value: JSONValue, at path: String) throws(RPCError) {
    switch self {
    case .anything: return
    case .text, .string:
      guard value.string != nil else { throw mismatch(value, at: path) }
    case .path:
      guard let given = value.string else { throw mismatch(value, at: path) }
      guard given.utf8.first == UInt8(ascii: "/") else { throw relativePath(at: path) }
    case .boolean:
      guard value.bool != nil else { throw mismatch(value, at: path) }
    case .integer(let range):
      guard let integer = value.int, range.contains(integer) else { throw mismatch(value, at: path) }
    case .number(let range):
      guard let number = value.double, range.contains(number) else { throw mismatch(value, at: path) }
    case .choice(let choices):
      guard let choice = value.string else { throw mismatch(value, at: path) }
      guard choices.contains(choice) else { throw unknownChoice(choice, among: choices, at: path) }
    case .list(let element, let count):
      guard let elements = value.array, count.contains(elements.count) else { throw mismatch(value, at: path) }
      for (index, value) in elements.enumerated() {
        // Paths are made only of what is wrong: of a million numbers they would take longer than all the rest.
        do throws(RPCError) { try element.check(value, at: path) } catch {
          try element.check(value, at: "\(path)[\(index)]")
        }
      }
    }
  }

  /// Whether it names a file, or files.
  package var namesFile: Bool {
    switch self {
    case .path: true
    case .list(let element, _): element.namesFile
    default: false
    }
  }

  private func relativePath(at path: String) -> RPCError {
    .invalidParams(
      path: path, "found a relative path as \(path), expected an absolute one",
      hint: "the daemon has another working directory than you: begin the path with /")
  }

  private func mismatch(_ value: JSONValue, at path: String) -> RPCError {
    .invalidParams(path: path, "found \(value.kindInWords) as \(path), expected \(expectation)")
  }

  private func unknownChoice(_ choice: String, among choices: [String], at path: String) -> RPCError {
    .invalidParams(
      path: path, "found an unknown choice as \(path), expected \(expectation)",
      hint: nearest(choice, among: choices).map { "did you mean \"\($0)\"?" })
  }
}

extension JSONValue {
  /// What a message says that it found: the kind, and of numbers the value, but never a word of the user's text.
  var kindInWords: String {
    switch self {
    case .number(let number) where number.literal.utf8.count <= 32: "the number \(number.literal)"
    case .array(let elements): "an array of \(elements.count)"
    default: kindName
    }
  }
}
