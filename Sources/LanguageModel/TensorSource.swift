import Kernels
import Networks
import Safetensors
import System

/// Hands out a file's tensors in any order; those read on the way to another one wait.
final class TensorSource {
  private let name: String
  private var reader: SafetensorsReader
  private var waiting: [String: [Float]] = [:]

  init(_ file: ModelFile, at path: String) throws(LanguageModelError) {
    name = file.rawValue
    do { reader = try SafetensorsReader(opening: path) } catch { throw LanguageModelError(error, file: file.rawValue) }
  }

  /// - Parameters:
  ///   - byteCount: how long the file is.
  ///   - source: hands its bytes out.
  init(
    _ file: ModelFile, byteCount: Int, from source: @escaping ByteSource
  ) throws(LanguageModelError) {
    name = file.rawValue
    do { reader = try SafetensorsReader(byteCount: byteCount, from: source) } catch {
      throw LanguageModelError(error, file: file.rawValue)
    }
  }

  var entries: [SafetensorsHeader.Entry] { reader.header.entries }

  func metadata(_ key: String) -> String? { reader.header.metadata(key) }

  /// Holds the file's tensors against those that a network has.
  ///
  /// - Throws: `corruptFile` naming one that is missing, is too many, or has another shape or type.
  func check(against expected: [(name: String, dimensions: [Int])]) throws(LanguageModelError) {
    for (name, dimensions) in expected {
      guard let entry = reader.header.entry(named: name) else {
        throw corrupt("found no tensor \(name), expected one of shape \(dimensions)")
      }
      guard entry.shape == dimensions else {
        throw corrupt("found the tensor \(name) of shape \(entry.shape), expected \(dimensions)")
      }
      guard entry.elementType.widensToFloat else {
        throw corrupt("found the tensor \(name) of type \(entry.elementType.rawValue), expected F32, F16 or BF16")
      }
    }
    let names = Set(expected.map(\.name))
    if let extra = entries.first(where: { !names.contains($0.name) }) {
      throw corrupt("found the tensor \(extra.name.prefix(80)), which the model does not have")
    }
  }

  /// Puts a tensor's values where they belong, once.
  ///
  /// - Precondition: the target has as many as `check(against:)` found.
  func take(_ tensor: String, into target: Vector) throws(LanguageModelError) {
    if let values = waiting.removeValue(forKey: tensor) { return target.copy(from: values) }
    do {
      while let upcoming = reader.upcoming {
        if upcoming.name == tensor {
          return try reader.readNext { target[$1..<$1 + $0.count].copy(from: $0) }
        }
        waiting[upcoming.name] = try reader.next()?.values
      }
    } catch { throw LanguageModelError(error, file: name) }
    throw corrupt("found no tensor \(tensor)")
  }

  func corrupt(_ reason: String) -> LanguageModelError { .corruptFile(name: name, reason: reason) }
}

extension LanguageModelError {
  /// The reader's reason to refuse a file, in this module's words.
  init(_ error: SafetensorsError, file: String) {
    switch error {
    case .system(let error) where error.isMissing: self = .missingFile(file)
    case .system(let error): self = .storage(error)
    default: self = .corruptFile(name: file, reason: "\(error)")
    }
  }
}
