/// A JSON text's value, as RFC 8259 defines it.
///
/// Two values are equal when they print the same apart from the order of members: strings are compared by their UTF-8
/// bytes (never by canonical equivalence), numbers by their literals, so `1` and `1.0` differ.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

// MARK: - Making

extension JSONValue {
  package init(_ value: Bool) { self = .bool(value) }

  package init(_ value: String) { self = .string(value) }

  package init(_ value: Int) { self = .number(JSONNumber(value)) }

  package init(_ value: some FixedWidthInteger) { self = .number(JSONNumber(value)) }

  /// A number in its shortest exact form, or null: JSON has no NaN and no infinity.
  package init(finite value: Double) { self = JSONNumber(value).map { .number($0) } ?? .null }

  /// A number in the shortest form that names this `Float`, or null: JSON has no NaN and no infinity.
  package init(finite value: Float) { self = JSONNumber(value).map { .number($0) } ?? .null }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(nilLiteral: ()) { self = .null }

  package init(booleanLiteral value: Bool) { self = .bool(value) }

  package init(integerLiteral value: Int) { self.init(value) }

  package init(floatLiteral value: Double) { self.init(finite: value) }

  package init(stringLiteral value: String) { self = .string(value) }

  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

// MARK: - Asking

extension JSONValue {
  package var isNull: Bool { if case .null = self { true } else { false } }

  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  package var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }

  /// The whole number that this is exactly (`1.0` and `1e2` count), or nil.
  package var int: Int? { number?.int }

  /// The nearest finite double, or nil for another kind of value and for numbers beyond a double's range.
  package var double: Double? { number?.double }

  package var string: String? { if case .string(let value) = self { value } else { nil } }

  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

  package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// An object's member of this name; nil when there is none and for values of another kind.
  package subscript(name: String) -> JSONValue? { object?[name] }

  /// What kind of value this is, with its article, for messages: `a string`, `an array`.
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue: Equatable {
  package static func == (left: JSONValue, right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): left == right
    default: false
    }
  }
}
