extension JSONValue {
  /// Adds the compact text: no white space, one line, characters outside ASCII as they are.
  package func write(to target: inout [UInt8]) {
    switch self {
    case .null: target.append(contentsOf: "null".utf8)
    case .bool(let value): target.append(contentsOf: value ? "true".utf8 : "false".utf8)
    case .number(let value): value.write(to: &target)
    case .string(let value): Self.write(string: value, to: &target)
    case .array(let elements):
      target.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { target.append(UInt8(ascii: ",")) }
        element.write(to: &target)
      }
      target.append(UInt8(ascii: "]"))
    case .object(let object): object.write(to: &target)
    }
  }

  /// Adds a string in quotation marks. Escaped is only what must be: `"`, `\` and the control characters below U+0020.
  package static func write(string: String, to target: inout [UInt8]) {
    let bytes = string.utf8.span
    target.append(UInt8(ascii: "\""))
    var offset = 0
    while true {
      let runEnd = bytes.firstSpecialOffset(from: offset)
      target.append(copying: bytes.extracting(offset..<runEnd))
      guard runEnd < bytes.count else { break }
      write(escaped: bytes[runEnd], to: &target)
      offset = runEnd + 1
    }
    target.append(UInt8(ascii: "\""))
  }

  private static func write(escaped byte: UInt8, to target: inout [UInt8]) {
    target.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): target.append(byte)
    case 0x08: target.append(UInt8(ascii: "b"))
    case 0x09: target.append(UInt8(ascii: "t"))
    case 0x0A: target.append(UInt8(ascii: "n"))
    case 0x0C: target.append(UInt8(ascii: "f"))
    case 0x0D: target.append(UInt8(ascii: "r"))
    default: target.append(contentsOf: "u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8)
    }
  }
}

extension JSONObject {
  /// Adds the compact text.
  package func write(to target: inout [UInt8]) {
    target.append(UInt8(ascii: "{"))
    for (index, member) in members.enumerated() {
      if index > 0 { target.append(UInt8(ascii: ",")) }
      JSONValue.write(string: member.name, to: &target)
      target.append(UInt8(ascii: ":"))
      member.value.write(to: &target)
    }
    target.append(UInt8(ascii: "}"))
  }
}

extension JSONValue: CustomStringConvertible {
  /// The compact text.
  package var description: String { String(decoding: compactBytes, as: UTF8.self) }

  /// The compact text's bytes.
  package var compactBytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }
}

// MARK: - For people

extension JSONValue {
  /// The text over several lines, indented by two spaces. An array of plain values that fits 80 bytes stays on one line.
  /// There is no line end after the last line.
  package func pretty() -> String {
    var bytes: [UInt8] = []
    writePretty(to: &bytes, indent: 0)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func writePretty(to target: inout [UInt8], indent: Int) {
    switch self {
    case .array(let elements) where !elements.isEmpty && !fitsOneLine(elements):
      target.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        Self.breakLine(isFirst: index == 0, indent: indent + 1, in: &target)
        element.writePretty(to: &target, indent: indent + 1)
      }
      Self.breakLine(isFirst: true, indent: indent, in: &target)
      target.append(UInt8(ascii: "]"))
    case .object(let object) where !object.isEmpty:
      target.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        Self.breakLine(isFirst: index == 0, indent: indent + 1, in: &target)
        Self.write(string: member.name, to: &target)
        target.append(contentsOf: ": ".utf8)
        member.value.writePretty(to: &target, indent: indent + 1)
      }
      Self.breakLine(isFirst: true, indent: indent, in: &target)
      target.append(UInt8(ascii: "}"))
    case .array(let elements):
      target.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { target.append(contentsOf: ", ".utf8) }
        element.write(to: &target)
      }
      target.append(UInt8(ascii: "]"))
    default: write(to: &target)
    }
  }

  private func fitsOneLine(_ elements: [JSONValue]) -> Bool {
    guard elements.count <= 40 else { return false }
    var byteCount = 0
    for element in elements {
      switch element {
      case .array, .object: return false
      default: byteCount += element.compactBytes.count + 2
      }
    }
    return byteCount <= 80
  }

  private static func breakLine(isFirst: Bool, indent: Int, in target: inout [UInt8]) {
    if !isFirst { target.append(UInt8(ascii: ",")) }
    target.append(0x0A)
    target.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * 2))
  }
}
