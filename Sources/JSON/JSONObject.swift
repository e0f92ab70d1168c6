/// An object's members, in the order in which they were written; no two share a name.
///
/// Lookup walks the members: objects of a protocol are small. Whoever holds a large one makes an index of its own.
package struct JSONObject: Sendable {
  package struct Member: Sendable {
    package var name: String
    package var value: JSONValue

    package init(name: String, value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  package private(set) var members: [Member] = []

  package init() {}

  /// Takes members whose names the caller knows to be all different.
  /// - Complexity: O(1).
  package init(uniqueMembers members: [Member]) { self.members = members }

  /// Of equal names the last one's value stays, in the first one's place.
  /// - Complexity: O(n²) in the count of members; for the handful that a message has.
  package init(_ members: some Sequence<(String, JSONValue)>) {
    self.members.reserveCapacity(members.underestimatedCount)
    for (name, value) in members { self[name] = value }
  }

  package var isEmpty: Bool { members.isEmpty }

  package var count: Int { members.count }

  package var names: [String] { members.map(\.name) }

  /// The value of the member of this name, compared by bytes. Setting nil removes the member; setting a new name adds it
  /// at the end.
  package subscript(name: String) -> JSONValue? {
    get { index(of: name).map { members[$0].value } }
    set {
      switch (index(of: name), newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Adds a member whose name the caller knows to be new.
  /// - Complexity: O(1).
  package mutating func append(uniqueName name: String, _ value: JSONValue) {
    members.append(Member(name: name, value: value))
  }

  private func index(of name: String) -> Int? {
    members.firstIndex { $0.name.hasSameBytes(as: name) }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONObject: Equatable {
  /// The order of members does not matter, as it carries no meaning in JSON.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.count == right.count else { return false }
    if zip(left.members, right.members).allSatisfy({ $0.name.hasSameBytes(as: $1.name) && $0.value == $1.value }) {
      return true
    }
    return left.members.allSatisfy { right[$0.name] == $0.value }
  }
}
