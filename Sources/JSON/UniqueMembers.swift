/// An object under construction that takes no name twice.
///
/// Few names are compared one by one; from sixteen on, a set keeps the cost of each linear in its length, whatever names
/// an attacker picks (the standard hasher is seeded anew in every process).
struct UniqueMembers {
  private static let linearCount = 16
  private var members: [JSONObject.Member] = []
  private var names: Set<NameBytes> = []

  var object: JSONObject { JSONObject(uniqueMembers: members) }

  /// Whether no member has this name yet. A name that is admitted must be appended next.
  mutating func admits(_ name: String) -> Bool {
    guard members.count >= Self.linearCount else {
      return !members.contains { $0.name.hasSameBytes(as: name) }
    }
    if names.isEmpty { names = Set(members.map { NameBytes(name: $0.name) }) }
    return names.insert(NameBytes(name: name)).inserted
  }

  mutating func append(_ name: String, _ value: JSONValue) {
    members.append(JSONObject.Member(name: name, value: value))
  }
}

/// A name that is hashed and compared by its UTF-8 bytes.
private struct NameBytes: Hashable {
  let name: String

  static func == (left: NameBytes, right: NameBytes) -> Bool { left.name.hasSameBytes(as: right.name) }

  func hash(into hasher: inout Hasher) {
    let bytes = name.utf8.span
    var word: UInt64 = 0
    for index in bytes.indices {
      word = word << 8 | UInt64(bytes[index])
      if index % 8 == 7 { hasher.combine(word) }
    }
    hasher.combine(word)
    hasher.combine(bytes.count)
  }
}
