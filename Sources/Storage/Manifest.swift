package import JSON

/// A state that the owner wrote down whole: it stands for all records before `position`.
package struct Checkpoint: Equatable, Sendable {
  /// Counts the checkpoints of a store, from 1; names its directory.
  package let number: Int
  /// The sequence number of the first record that is not in it.
  package let position: UInt64
  /// What the owner said of it.
  package let notes: JSONValue
  package let files: [File]

  /// One of a checkpoint's files, as it was written.
  package struct File: Equatable, Sendable {
    package let name: String
    package let byteCount: Int
    /// Of each block of it: `BlockChecksums`.
    package let checksums: [UInt32]
  }

  /// Where its files are, below the store's directory.
  package var directory: String { "checkpoints/\(number)" }
}

/// The list of a store's checkpoints that count, `manifest.json`: whatever it does not name is not there.
///
/// The file is JSON with a checksum of itself, and is only read in exactly the form in which it is written. Version 2
/// has a checksum of every block of a file, version 1 had one of each file; that one is not read any more.
struct Manifest: Equatable, Sendable {
  static let name = "manifest.json"
  static let byteLimit = 64 << 20
  static let formatVersion = 2

  let identity: UInt64
  /// The newest first: the last two, and at most one more that their owner still needs.
  var checkpoints: [Checkpoint]

  /// The first record that recovery needs.
  var position: UInt64 { checkpoints.first?.position ?? 1 }

  /// The first record that any kept checkpoint needs.
  var oldestPosition: UInt64 { checkpoints.last?.position ?? 1 }

  var bytes: [UInt8] {
    var object = JSONObject()
    object["format_version"] = JSONValue(Self.formatVersion)
    object["store"] = JSONValue(identity.hexadecimal)
    object["checkpoints"] = .array(checkpoints.map(\.json))
    return Self.sealed(object)
  }

  /// - Throws: `corrupt`.
  init(_ bytes: [UInt8], file: String = Self.name) throws(StorageError) {
    let object = try Self.unsealed(bytes, file: file)
    let version = object["format_version"]?.int ?? 0
    guard version == Self.formatVersion else {
      throw .corrupt(
        file: file, offset: 0, what: "it has format version \(version), this program reads \(Self.formatVersion)")
    }
    guard let identity = object["store"]?.string.flatMap({ UInt64(hexadecimal: $0) }),
      let entries = object["checkpoints"]?.array, entries.count <= 3
    else { throw .corrupt(file: file, offset: 0, what: "a member is missing or of the wrong kind") }
    var checkpoints: [Checkpoint] = []
    for entry in entries {
      guard let checkpoint = Checkpoint(entry), checkpoints.allSatisfy({ checkpoint.isOlder(than: $0) }) else {
        throw .corrupt(file: file, offset: 0, what: "a checkpoint's entry is not as it was written")
      }
      checkpoints.append(checkpoint)
    }
    self.identity = identity
    self.checkpoints = checkpoints
  }

  init(identity: UInt64, checkpoints: [Checkpoint]) {
    self.identity = identity
    self.checkpoints = checkpoints
  }

  /// With a checkpoint in front, and without those beyond the last two but the one of that number.
  func adding(_ checkpoint: Checkpoint, keeping number: Int?) -> Manifest {
    let kept = checkpoints.dropFirst().filter { $0.number == number }
    return Manifest(identity: identity, checkpoints: [checkpoint] + checkpoints.prefix(1) + kept)
  }

  /// The text for people, with its checksum in the last member.
  private static func sealed(_ object: JSONObject) -> [UInt8] {
    var sealed = object
    sealed["crc32c"] = JSONValue(CRC32C.of(JSONValue.object(object).compactBytes.span).hexadecimal)
    return Array((JSONValue.object(sealed).pretty() + "\n").utf8)
  }

  private static func unsealed(_ bytes: [UInt8], file: String) throws(StorageError) -> JSONObject {
    let json: JSONValue
    do { json = try JSONValue.parse(bytes.span) } catch {
      throw .corrupt(file: file, offset: error.offset, what: error.description)
    }
    guard var object = json.object else { throw .corrupt(file: file, offset: 0, what: "it is no JSON object") }
    object["crc32c"] = nil
    // That the text is just what would be written proves its checksum as well.
    guard sealed(object) == bytes else {
      throw .corrupt(file: file, offset: 0, what: "its checksum differs")
    }
    return object
  }
}

extension Checkpoint {
  fileprivate var json: JSONValue {
    [
      "number": JSONValue(number), "position": JSONValue(position), "notes": notes,
      "files": .array(
        files.map {
          [
            "name": JSONValue($0.name), "bytes": JSONValue($0.byteCount),
            "crc32c": .string($0.checksums.map(\.hexadecimal).joined()),
          ]
        }),
    ]
  }

  fileprivate init?(_ json: JSONValue) {
    guard let number = json["number"]?.int, number > 0, number < 1 << 53, let position = json["position"]?.int,
      position > 0, UInt64(position) < JournalFormat.sequenceLimit, let notes = json["notes"],
      let entries = json["files"]?.array
    else { return nil }
    let files = entries.compactMap(File.init)
    guard files.count == entries.count, Set(files.map(\.name)).count == files.count else { return nil }
    self.init(number: number, position: UInt64(position), notes: notes, files: files)
  }

  fileprivate func isOlder(than other: Checkpoint) -> Bool { number < other.number && position <= other.position }
}

extension Checkpoint.File {
  fileprivate init?(_ json: JSONValue) {
    guard let name = json["name"]?.string, Self.isName(name), let byteCount = json["bytes"]?.int, byteCount >= 0,
      let checksums = json["crc32c"]?.string.flatMap(Self.checksums),
      checksums.count == BlockChecksums.count(byteCount: byteCount)
    else { return nil }
    self.init(name: name, byteCount: byteCount, checksums: checksums)
  }

  /// The numbers of eight digits each that a text is made of; nil when it is made of anything else.
  private static func checksums(_ text: String) -> [UInt32]? {
    var checksums: [UInt32] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      guard let checksum = UInt32(hexadecimal: String(rest.prefix(8))) else { return nil }
      checksums.append(checksum)
      rest = rest.dropFirst(8)
    }
    return checksums
  }

  /// Whether a name stays within its directory and needs no quoting: letters, digits, `.`, `-` and `_`, none hidden.
  static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 128 && name.utf8.first != UInt8(ascii: ".")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
