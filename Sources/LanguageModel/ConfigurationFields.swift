import JSON

/// An object of `config.json` while it is read: its fields by name, each checked for its kind.
struct ConfigurationFields {
  let object: JSONObject
  /// Where the object stands in the file, for messages: empty at the top, else ending in a dot.
  var path = ""

  /// A field that is there and not null.
  func value(_ name: String) -> JSONValue? {
    guard let value = object[name], !value.isNull else { return nil }
    return value
  }

  func string(_ name: String) throws(LanguageModelError) -> String? {
    try read(name, expected: "a string", \.string)
  }

  func bool(_ name: String) throws(LanguageModelError) -> Bool? {
    try read(name, expected: "true or false", \.bool)
  }

  func int(_ name: String, in bounds: ClosedRange<Int>) throws(LanguageModelError) -> Int? {
    let expected = "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
    return try read(name, expected: expected) { $0.int.flatMap { bounds.contains($0) ? $0 : nil } }
  }

  func double(
    _ name: String, expected: String, where isValid: (Double) -> Bool
  ) throws(LanguageModelError) -> Double? {
    try read(name, expected: expected) { $0.double.flatMap { isValid($0) ? $0 : nil } }
  }

  func object(_ name: String) throws(LanguageModelError) -> ConfigurationFields? {
    try read(name, expected: "an object", \.object).map { ConfigurationFields(object: $0, path: path + name + ".") }
  }

  func read<Value>(
    _ name: String, expected: String, _ convert: (JSONValue) -> Value?
  ) throws(LanguageModelError) -> Value? {
    guard let value = value(name) else { return nil }
    guard let converted = convert(value) else { throw malformed(name, expected: expected) }
    return converted
  }

  /// Refuses fields that are none of `names`.
  func allowOnly(_ names: [String]) throws(LanguageModelError) {
    for name in object.names where !names.contains(name) {
      throw .unsupported(
        file: ModelFile.configuration.rawValue,
        reason: "found \(path)\(name.prefix(40)), expected only \(names.joined(separator: ", "))")
    }
  }

  /// Refuses any but the given value of a field that would change what the model computes.
  func allowOnly(_ neutral: JSONValue, for name: String) throws(LanguageModelError) {
    guard let value = value(name), value != neutral else { return }
    throw .unsupported(
      file: ModelFile.configuration.rawValue, reason: "found another value for \(path)\(name), expected \(neutral)")
  }

  func malformed(_ name: String, expected: String) -> LanguageModelError {
    .corruptFile(
      name: ModelFile.configuration.rawValue, reason: "found no usable value for \(path)\(name), expected \(expected)")
  }
}
