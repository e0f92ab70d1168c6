package import JSON

/// One parameter of a call, as clients, help and the reference know it.
package struct Parameter: Equatable, Sendable {
  /// The name on the wire, in camelCase.
  package let name: String
  package let kind: ParameterKind
  package let isRequired: Bool
  /// What is taken when the parameter is left out, where that is a fixed value.
  package let defaultValue: JSONValue?
  /// One or two sentences.
  package let documentation: String
}
