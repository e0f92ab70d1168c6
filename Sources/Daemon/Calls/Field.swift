import JSON
import RPC

/// A parameter together with the Swift type that a call reads it as.
///
/// The parameter's kind has been checked before a call reads it, so that no call begins with half of its params wrong.
struct Field<Value>: Sendable {
  let parameter: Parameter
  private let find: @Sendable (CheckedParams) -> Value?

  private init(_ parameter: Parameter, find: @escaping @Sendable (CheckedParams) -> Value?) {
    self.parameter = parameter
    self.find = find
  }

  /// The value that a client gave, or the default.
  ///
  /// - Throws: invalid-params when a required parameter is missing.
  func read(from params: CheckedParams) throws(RPCError) -> Value {
    if let value = find(params) { return value }
    throw parameter.missing
  }
}

extension Parameter {
  var missing: RPCError { .missingParameter(name, expected: kind.expectation) }
}

extension Field {
  private static func make(
    _ name: String, _ kind: ParameterKind, isRequired: Bool = false, default defaultValue: JSONValue? = nil,
    _ documentation: String, convert: @escaping @Sendable (JSONValue?) -> Value?
  ) -> Field {
    make(
      name, kind, isRequired: isRequired, default: defaultValue, documentation,
      find: { convert($0.members[name] ?? defaultValue) })
  }

  private static func make(
    _ name: String, _ kind: ParameterKind, isRequired: Bool = false, default defaultValue: JSONValue? = nil,
    _ documentation: String, find: @escaping @Sendable (CheckedParams) -> Value?
  ) -> Field {
    Field(
      Parameter(
        name: name, kind: kind, isRequired: isRequired, defaultValue: defaultValue, documentation: documentation),
      find: find)
  }
}

extension Field where Value == String {
  static func required(_ name: String, of kind: ParameterKind = .string, _ documentation: String) -> Field {
    make(name, kind, isRequired: true, documentation) { $0?.string }
  }

  static func string(
    _ name: String, of kind: ParameterKind = .string, default value: String, _ documentation: String
  ) -> Field {
    make(name, kind, default: .string(value), documentation) { $0?.string }
  }
}

extension Field where Value == String? {
  static func string(_ name: String, of kind: ParameterKind = .string, _ documentation: String) -> Field {
    make(name, kind, documentation) { .some($0?.string) }
  }
}

extension Field where Value == Bool {
  static func flag(_ name: String, _ documentation: String) -> Field {
    make(name, .boolean, default: false, documentation) { $0?.bool }
  }
}

extension Field where Value == Bool? {
  static func boolean(_ name: String, _ documentation: String) -> Field {
    make(name, .boolean, documentation) { .some($0?.bool) }
  }
}

extension Field where Value == Int {
  static func integer(
    _ name: String, in range: ClosedRange<Int>, default value: Int, _ documentation: String
  ) -> Field {
    make(name, .integer(range), default: JSONValue(value), documentation) { $0?.int }
  }
}

extension Field where Value == Int? {
  static func integer(_ name: String, in range: ClosedRange<Int>, _ documentation: String) -> Field {
    make(name, .integer(range), documentation) { .some($0?.int) }
  }
}

extension Field where Value == Double {
  static func number(_ name: String, _ range: NumberRange, default value: Double, _ documentation: String) -> Field {
    make(name, .number(range), default: JSONValue(finite: value), documentation) { $0?.double }
  }
}

extension Field where Value == Double? {
  static func number(_ name: String, _ range: NumberRange, _ documentation: String) -> Field {
    make(name, .number(range), documentation) { .some($0?.double) }
  }
}

extension Field where Value == [String]? {
  static func strings(
    _ name: String, of element: ParameterKind = .string, count: ClosedRange<Int>, _ documentation: String
  ) -> Field {
    make(name, .list(of: element, count: count), documentation) { .some($0?.array?.compactMap(\.string)) }
  }
}

extension Field where Value == [Int]? {
  static func integers(
    _ name: String, in range: ClosedRange<Int>, count: ClosedRange<Int>, _ documentation: String
  ) -> Field {
    make(name, .list(of: .integer(range), count: count), documentation, find: { .some($0.integers[name]) })
  }
}

extension Field where Value == [Int] {
  static func integers(
    required name: String, in range: ClosedRange<Int>, count: ClosedRange<Int>, _ documentation: String
  ) -> Field {
    make(name, .list(of: .integer(range), count: count), isRequired: true, documentation, find: { $0.integers[name] })
  }
}

extension Field where Value == JSONValue {
  static func value(required name: String, _ documentation: String) -> Field {
    make(name, .anything, isRequired: true, documentation) { $0 }
  }
}
