/// What a model may be called.
///
/// A name is also the name of a directory, so it can only be a plain one: letters, digits, `.`, `_` and `-` of ASCII,
/// beginning with a letter or digit. It can't lead elsewhere, hide, or be read as an option.
package enum ModelName {
  package static let byteLimit = 64

  package static func isValid(_ name: String) -> Bool {
    guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= byteLimit else { return false }
    return name.utf8.allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
  }

  /// - Throws: `invalidSetting` for a name that is none.
  package static func check(_ name: String) throws(LanguageModelError) {
    guard isValid(name) else {
      throw .invalidSetting(
        name: "name", found: name.isEmpty ? "an empty name" : "an unusable name",
        expected: "1 to \(byteLimit) letters, digits, '.', '_' and '-' that begin with a letter or digit")
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
  }
}
