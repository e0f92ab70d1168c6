import JSON

/// A text is accepted, and then survives printing, or rejected at an offset within it.
enum JSONFuzzing {
  static func violation(_ bytes: [UInt8]) -> String? {
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue.parse(bytes) } catch {
      return (0...bytes.count).contains(error.offset) ? nil : "an error at \(error.offset) of \(bytes.count) bytes"
    }
    var printed: [UInt8] = []
    value.write(to: &printed)
    guard let again = try? JSONValue.parse(printed), again == value else { return "it does not survive printing" }
    guard let pretty = try? JSONValue.parse(Array(value.pretty().utf8)), pretty == value else {
      return "it does not survive printing for people"
    }
    return printed.contains(10) ? "it was printed on more than one line" : nil
  }
}
