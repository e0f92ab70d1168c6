package import JSON
package import System

/// Why bytes are no safetensors file, or not one that is read here: what was found and what was expected.
///
/// Names of tensors come from the file and are cut to a short length.
package enum SafetensorsError: Error, Equatable, Sendable {
  /// The file ends before what its first eight bytes announce.
  case truncated(foundByteCount: Int, expectedByteCount: Int)
  /// The header is longer than the format allows.
  case headerTooLarge(foundByteCount: UInt64, byteLimit: Int)
  /// The header doesn't begin with a brace, or something other than blanks follows its last one.
  case headerNotObject(offset: Int)
  case headerNotJSON(JSONError)
  /// `__metadata__` is not an object of strings.
  case metadataNotStrings
  /// A field of a tensor's entry is missing, unknown or of the wrong kind.
  case badField(tensor: String, field: String, expected: String)
  case unknownElementType(tensor: String, found: String)
  /// The tensor's elements can't be read as `Float` without loss.
  case unsupportedElementType(tensor: String, found: ElementType)
  /// The product of the dimensions is beyond all memory.
  case shapeTooLarge(tensor: String)
  /// The tensor's byte range has another length than its shape and type ask for.
  case rangeMismatch(tensor: String, foundByteCount: Int, expectedByteCount: Int)
  /// The tensor's bytes don't begin where those of the one before end: there is a hole, or they overlap.
  case misplaced(tensor: String, foundOffset: Int, expectedOffset: Int)
  /// The tensors' data ends before, or goes on beyond, the end of the file.
  case dataMismatch(foundByteCount: Int, expectedByteCount: Int)
  /// The values given for writing are not as many as the shape says.
  case countMismatch(tensor: String, foundCount: Int, expectedCount: Int)
  case system(SystemError)

  /// A name from a file as errors show it: one line, short.
  static func shown(_ name: String) -> String {
    let limit = 80
    let cut = name.unicodeScalars.prefix(limit).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
    var shown = ""
    shown.unicodeScalars.append(contentsOf: cut)
    return name.unicodeScalars.count > limit ? shown + "…" : shown
  }
}

extension SafetensorsError: CustomStringConvertible {
  /// One sentence without capital and full stop.
  package var description: String {
    switch self {
    case .truncated(let found, let expected):
      "the file is truncated: found \(found) bytes, expected at least \(expected)"
    case .headerTooLarge(let found, let limit):
      "found a header of \(found) bytes, expected at most \(limit)"
    case .headerNotObject(let offset):
      "found something else at byte \(offset) of the header, expected one JSON object padded with blanks"
    case .headerNotJSON(let error): "the header is no JSON: \(error)"
    case .metadataNotStrings: "found other values in __metadata__, expected an object of strings"
    case .badField(let tensor, let field, let expected):
      "found no usable \(field) for the tensor \(tensor), expected \(expected)"
    case .unknownElementType(let tensor, let found):
      "found the unknown element type \(found) for the tensor \(tensor), expected F32, F16 or BF16"
    case .unsupportedElementType(let tensor, let found):
      "found elements of type \(found.rawValue) in the tensor \(tensor), expected F32, F16 or BF16"
    case .shapeTooLarge(let tensor): "the shape of the tensor \(tensor) is beyond all memory"
    case .rangeMismatch(let tensor, let found, let expected):
      "found \(found) bytes for the tensor \(tensor), expected \(expected) by its shape"
    case .misplaced(let tensor, let found, let expected):
      "the bytes of the tensor \(tensor) begin at \(found), expected \(expected): no holes, no overlaps"
    case .dataMismatch(let found, let expected):
      "found \(found) bytes of data, expected \(expected) by the header"
    case .countMismatch(let tensor, let found, let expected):
      "found \(found) values for the tensor \(tensor), expected \(expected) by its shape"
    case .system(let error): "\(error)"
    }
  }
}
