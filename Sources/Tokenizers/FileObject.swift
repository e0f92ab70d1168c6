internal import JSON

/// An object of a tokenizer.json file, which remembers where it stands so that errors can say so.
struct FileObject {
  let path: String
  let members: JSONObject

  init(_ value: JSONValue?, path: String) throws(TokenizerError) {
    guard let members = value?.object else { throw .malformed(path: path, expected: "an object") }
    self.path = path
    self.members = members
  }

  /// Where a member stands.
  func path(_ name: String) -> String {
    path.isEmpty ? name : "\(path).\(name)"
  }

  /// A member; nil also when it is null.
  func value(_ name: String) -> JSONValue? {
    guard let value = members[name], !value.isNull else { return nil }
    return value
  }

  func object(_ name: String) throws(TokenizerError) -> FileObject {
    try FileObject(members[name], path: path(name))
  }

  func string(_ name: String) throws(TokenizerError) -> String {
    guard let string = members[name]?.string else { throw .malformed(path: path(name), expected: "a string") }
    return string
  }

  /// A string that may be absent, null or empty, all of which mean that there is none.
  func optionalString(_ name: String) throws(TokenizerError) -> String? {
    guard value(name) != nil else { return nil }
    let string = try string(name)
    return string.isEmpty ? nil : string
  }

  func bool(_ name: String, default fallback: Bool) throws(TokenizerError) -> Bool {
    guard let value = members[name] else { return fallback }
    guard let bool = value.bool else { throw .malformed(path: path(name), expected: "a boolean") }
    return bool
  }

  func array(_ name: String) throws(TokenizerError) -> [JSONValue] {
    guard let array = members[name]?.array else { throw .malformed(path: path(name), expected: "an array") }
    return array
  }

  /// Refuses members that are not among these: what isn't understood isn't ignored.
  func refuseMembers(otherThan known: [String]) throws(TokenizerError) {
    for member in members.members where !known.contains(where: { $0.hasSameBytes(as: member.name) }) {
      throw .unsupported(path: path(Self.shorten(member.name)), found: "this option")
    }
  }

  /// Refuses a member that is there with another value than one of these, null always being fine.
  func refuse(_ name: String, unless allowed: JSONValue...) throws(TokenizerError) {
    guard let value = value(name), !allowed.contains(value) else { return }
    throw .unsupported(path: path(name), found: Self.describe(value))
  }

  /// Refuses this object for what its `type` says.
  func refuseType() throws(TokenizerError) -> Never {
    throw .unsupported(path: path, found: Self.shorten(try string("type")))
  }

  /// An option's value, for a message.
  static func describe(_ value: JSONValue) -> String {
    switch value {
    case .bool(let value): "\(value)"
    case .number(let number): shorten(number.literal)
    case .string(let string): "\"\(shorten(string))\""
    case .null, .array, .object: value.kindName
    }
  }

  /// The beginning of a name that a file gave.
  static func shorten(_ name: String) -> String {
    let limit = 40
    return name.unicodeScalars.count <= limit ? name : String(name.unicodeScalars.prefix(limit)) + "…"
  }
}

extension String {
  /// Whether two strings are the same bytes, where `==` would also take canonically equivalent ones for equal.
  func hasSameBytes(as other: String) -> Bool {
    utf8.elementsEqual(other.utf8)
  }
}
