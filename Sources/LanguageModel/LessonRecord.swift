import JSON
import Networks
import Tokenizers

/// A lesson as it was asked for.
package struct LessonRequest: Equatable, Sendable {
  package var lesson: Lesson
  /// Whether it goes on where the connection's last carrying lesson ended; then the lesson's `carry` is filled in when
  /// its turn comes.
  package var carries = false
  /// By which a repetition of the same request is known.
  package var key: String?
  /// Teach only if this is the model's count of updates.
  package var expectedStep: Int?

  package init(_ lesson: Lesson) { self.lesson = lesson }

  /// How many bytes a key may have.
  package static let keyByteCounts = 1...128
}

/// What the journal keeps.
///
///     version (1) · kind · header's length (4, little-endian) · header (JSON) · body
///
/// The header of a lesson says what its body holds: the texts' bytes or token ids one after the other, then the hidden
/// states that it began in. With the model as it was, that is all it takes to teach the lesson again, to the bit.
package enum JournalEntry: Equatable, Sendable {
  case lesson(LessonRecord)
  /// The lesson of that sequence number was cancelled before it was answered.
  case undone(UInt64)
  /// Written to see whether the disk takes anything.
  case probe

  static let version: UInt8 = 1
}

/// What the journal keeps of a lesson.
package struct LessonRecord: Equatable, Sendable {
  package var lesson: Lesson
  package var key: RequestKey?
  /// The model's count of updates before it, where that was known when it was written.
  package var step: Int?
  /// After how many updates of the training that was under way it came; nil when there was none.
  package var runUpdate: Int?
}

/// A client's name for a request, and what tells its params from others.
package struct RequestKey: Hashable, Sendable {
  package let name: String
  let digest: UInt64
}

extension LessonRequest {
  /// Its key with the digest of everything that it asks for.
  package var requestKey: RequestKey? {
    guard let key else { return nil }
    var writer = RecordWriter()
    var plain = lesson
    plain.carry = nil
    JournalEntry.lesson(LessonRecord(lesson: plain)).write(to: &writer)
    writer.append(UInt8(carries ? 1 : 0))
    writer.append((expectedStep.map(String.init) ?? "").utf8)
    return RequestKey(name: key, digest: fnv1a(writer.bytes))
  }
}

/// The 64-bit hash of Fowler, Noll and Vo, variant 1a.
private func fnv1a(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
}

// MARK: - Writing

extension JournalEntry {
  private enum Kind: UInt8 {
    case lesson = 1
    case undone = 2
    case probe = 3
  }

  /// The bytes that the journal keeps.
  package func encoded() -> [UInt8] {
    var writer = RecordWriter()
    write(to: &writer)
    return writer.bytes
  }

  fileprivate func write(to writer: inout RecordWriter) {
    writer.append(Self.version)
    switch self {
    case .lesson(let record):
      writer.append(Kind.lesson.rawValue)
      Self.write(record.header, to: &writer)
      record.writeBody(to: &writer)
    case .undone(let sequence):
      writer.append(Kind.undone.rawValue)
      Self.write(["sequence": JSONValue(sequence)], to: &writer)
    case .probe:
      writer.append(Kind.probe.rawValue)
      Self.write([:], to: &writer)
    }
  }

  private static func write(_ header: JSONObject, to writer: inout RecordWriter) {
    var json: [UInt8] = []
    JSONValue.object(header).write(to: &json)
    writer.append(UInt32(clamping: json.count))
    writer.append(json)
  }
}

extension LessonRecord {
  fileprivate var header: JSONObject {
    var header: JSONObject = [
      "inputs": .array(
        lesson.sequences.map { input in
          switch input {
          case .text(let text): ["text": JSONValue(text.utf8.count)]
          case .ids(let ids): ["ids": JSONValue(ids.count)]
          }
        })
    ]
    header["learningRate"] = lesson.learningRate.map { JSONValue(finite: $0) }
    header["clipNorm"] = lesson.clipNorm.map { JSONValue(finite: $0) }
    header["clipValue"] = lesson.clipValue.map { JSONValue(finite: $0) }
    header["bptt"] = lesson.bptt.map { JSONValue($0) }
    header["carry"] = lesson.carry.map { carry in
      [
        "tokens": .array(carry.lastTokens.map { JSONValue($0) }),
        "stateCount": JSONValue(carry.states.sequences.first?.values.count ?? 0),
      ]
    }
    header["key"] = key.map { ["name": .string($0.name), "digest": JSONValue($0.digest)] }
    header["step"] = step.map { JSONValue($0) }
    header["runUpdate"] = runUpdate.map { JSONValue($0) }
    return header
  }

  fileprivate func writeBody(to writer: inout RecordWriter) {
    for input in lesson.sequences {
      switch input {
      case .text(let text): writer.append(text.utf8)
      case .ids(let ids): for id in ids { writer.append(variable: UInt64(bitPattern: Int64(id))) }
      }
    }
    for state in lesson.carry?.states.sequences ?? [] { writer.append(state.values) }
  }
}

// MARK: - Reading

extension JournalEntry {
  /// Reads what `encoded` wrote; nil for bytes that it could not have written.
  package init?(_ bytes: [UInt8]) {
    var reader = RecordReader(bytes)
    guard reader.byte() == Self.version, let kind = reader.byte().flatMap(Kind.init),
      let count = reader.uint32(), let json = reader.bytes(Int(count)),
      let header = (try? JSONValue.parse(Array(json)))?.object
    else { return nil }
    switch kind {
    case .lesson:
      guard let record = LessonRecord(header, body: &reader) else { return nil }
      self = .lesson(record)
    case .undone:
      guard let sequence = header["sequence"]?.number.flatMap({ UInt64($0.literal) }) else { return nil }
      self = .undone(sequence)
    case .probe: self = .probe
    }
    guard reader.isAtEnd else { return nil }
  }
}

extension LessonRecord {
  fileprivate init?(_ header: JSONObject, body: inout RecordReader) {
    var inputs: [ModelInput] = []
    for input in header["inputs"]?.array ?? [] {
      guard let input = Self.input(input, body: &body) else { return nil }
      inputs.append(input)
    }
    lesson = Lesson(inputs)
    lesson.learningRate = header["learningRate"]?.double
    lesson.clipNorm = header["clipNorm"]?.double
    lesson.clipValue = header["clipValue"]?.double
    lesson.bptt = header["bptt"]?.int
    if let carry = header["carry"] {
      guard let state = CarryState(carry, body: &body) else { return nil }
      lesson.carry = state
    }
    if let key = header["key"] {
      guard let name = key["name"]?.string, let digest = key["digest"]?.number.flatMap({ UInt64($0.literal) }) else {
        return nil
      }
      self.key = RequestKey(name: name, digest: digest)
    }
    step = header["step"]?.int
    runUpdate = header["runUpdate"]?.int
  }

  private static func input(_ description: JSONValue, body: inout RecordReader) -> ModelInput? {
    if let count = description["text"]?.int {
      return body.bytes(count).flatMap { String(validating: $0, as: UTF8.self) }.map(ModelInput.text)
    }
    guard let count = description["ids"]?.int else { return nil }
    var ids: [Int] = []
    // Grown as they come: the count alone must not ask for memory.
    while ids.count < count {
      guard let id = body.variable() else { return nil }
      ids.append(Int(Int64(bitPattern: id)))
    }
    return .ids(ids)
  }
}

extension CarryState {
  fileprivate init?(_ description: JSONValue, body: inout RecordReader) {
    guard let tokens = description["tokens"]?.array, let count = description["stateCount"]?.int else { return nil }
    var states: [HiddenState] = []
    var last: [TokenID] = []
    for token in tokens {
      guard let token = token.int.flatMap({ TokenID(exactly: $0) }), token >= 0, let values = body.floats(count) else {
        return nil
      }
      last.append(token)
      states.append(HiddenState(values))
    }
    self.init(states: BatchState(states), lastTokens: last)
  }
}
