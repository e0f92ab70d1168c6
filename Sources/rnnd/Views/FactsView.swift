import JSON

/// Any result as names and values: what has no picture of its own, and what programs read line by line.
struct FactsView {
  var result: JSONValue

  /// On a terminal aligned and in words; for programs `name<TAB>value`, names joined by points, numbers exact.
  func lines(on screen: Screen) -> [String] {
    guard screen.isTerminal else {
      return flattened(result, name: "").map { ($0.name.isEmpty ? "" : $0.name + "\t") + plain($0.value) }
    }
    let facts = flattened(result, name: "").map { (label: Self.label($0.name), value: shown($0.value, name: $0.name)) }
    let width = facts.reduce(0) { max($0, DisplayWidth.of($1.label)) }
    return facts.map { screen.style($0.label.padded(to: width), .faint) + "  " + $0.value }
  }

  private func flattened(_ value: JSONValue, name: String) -> [(name: String, value: JSONValue)] {
    if let object = value.object {
      return object.members.flatMap { flattened($0.value, name: name.isEmpty ? $0.name : name + "." + $0.name) }
    }
    if let elements = value.array, elements.contains(where: { $0.object != nil }) {
      return elements.enumerated().flatMap { flattened($0.element, name: "\(name).\($0.offset)") }
    }
    return [(name, value)]
  }

  private func plain(_ value: JSONValue) -> String {
    if let string = value.string { return string.printableLine }
    if let elements = value.array { return elements.map(plain).joined(separator: " ") }
    return value.description
  }

  private func shown(_ value: JSONValue, name: String) -> String {
    switch value {
    case .null: return "none"
    case .bool(let value): return value ? "yes" : "no"
    case .string(let value): return value.printableLine
    case .array(let elements): return elements.map { shown($0, name: name) }.joined(separator: " ")
    case .object: return value.description
    case .number(let number):
      if name.hasSuffix("ytes"), let count = number.int { return Figures.bytes(count) }
      if name.hasSuffix("econds"), let seconds = number.double { return Figures.duration(seconds: seconds) }
      if let whole = number.int { return name.hasSuffix("eed") ? String(whole) : Figures.grouped(whole) }
      return number.double.map(Figures.short) ?? number.literal
    }
  }

  /// `gradientNorm` as `gradient norm`.
  static func label(_ name: String) -> String {
    var label = ""
    for character in name {
      if character.isUppercase {
        label += " " + character.lowercased()
      } else {
        label.append(character == "." ? " " : character)
      }
    }
    return label
  }
}
