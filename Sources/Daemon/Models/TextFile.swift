import RPC
import System

/// A client's file of text, read whole.
enum TextFile {
  /// Reads a file of UTF-8 text; blocks meanwhile.
  ///
  /// - Parameters:
  ///   - parameter: where the path stands in the params, for errors: `files[2]`.
  ///   - byteLimit: how large the file may be.
  /// - Throws: invalid-params for what is not text, storage for what can't be read, limit-exceeded.
  static func read(_ path: String, parameter: String, byteLimit: Int) throws(RPCError) -> [UInt8] {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try FileSystem.readFile(path, byteLimit: byteLimit)
    } catch {
      throw RPCError(error, parameter: parameter)
    }
    guard !bytes.contains(0) else {
      throw .invalidParams(
        path: parameter, "found a zero byte in \(parameter), expected a file of text",
        hint: "binary files can't be learned from")
    }
    return bytes
  }
}

extension TextSource {
  /// The texts, from wherever they are; blocks while files are read.
  func read(byteLimit: Int) throws(RPCError) -> [[UInt8]] {
    switch self {
    case .text(let text): return [Array(text.utf8)]
    case .files(let paths):
      var texts: [[UInt8]] = []
      var remaining = byteLimit
      for (index, path) in paths.enumerated() {
        let text = try TextFile.read(path, parameter: "files[\(index)]", byteLimit: remaining)
        remaining -= text.count
        texts.append(text)
      }
      return texts
    }
  }

  /// What the params call the texts together.
  var parameter: String {
    switch self {
    case .text: "text"
    case .files: "files"
    }
  }

  /// What the params call one of the texts; what follows the last is for validation.
  func parameter(_ index: Int) -> String {
    switch self {
    case .text: index == 0 ? "text" : "validation"
    case .files(let paths): index < paths.count ? "files[\(index)]" : "validation"
    }
  }
}
