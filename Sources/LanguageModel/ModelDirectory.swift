import JSON
package import Kernels
import Networks
import Safetensors
import System
import Tokenizers

/// A model's files.
///
///     NAME/ (0700)  config.json · tokenizer.json · model.safetensors · optimizer.safetensors   (0600 each)
///
/// The four change together: each new one is written whole beside the old (`config.json.next`), then `save.json` is put in
/// place, which says that the new ones count, then they take their names, then `save.json` goes. Whatever stops this
/// between two steps, the directory holds one whole model: the old one before `save.json` is there, the new one after.
/// Reading never writes; the next save finishes what an earlier one began.
package struct ModelDirectory: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  /// The names of new files before they count, and of the note that they do.
  static func stagedName(_ file: ModelFile) -> String { file.rawValue + ".next" }
  static let noteName = "save.json"

  /// Whether there is a model.
  package var holdsModel: Bool {
    if let location = try? currentPath(of: .configuration), FileSystem.exists(location) { return true }
    return holdsCheckpoint
  }

  /// Whether it is, or once was, a store with a checkpoint. One that is damaged counts: nothing may be put in its place.
  private var holdsCheckpoint: Bool {
    guard let bytes = manifestBytes else { return false }
    return (try? JSONValue.parse(bytes))?["checkpoints"]?.array?.isEmpty != true
  }

  /// Whether the newest checkpoint was taken while the model was in training.
  package var hasUnfinishedTraining: Bool {
    let newest = manifestBytes.flatMap { try? JSONValue.parse($0) }?["checkpoints"]?.array?.first
    return newest?["files"]?.array?.contains { $0["name"]?.string == ModelFile.runTokens.rawValue } ?? false
  }

  private var manifestBytes: [UInt8]? {
    (try? read(join(Self.manifestName), as: Self.manifestName, byteLimit: ModelLoader.configurationByteLimit)) ?? nil
  }

  /// Whether the model is kept by a store: then its files here are only second names of a checkpoint's.
  package var isStore: Bool { FileSystem.exists(join(Self.manifestName)) }

  static let manifestName = "manifest.json"

  func join(_ name: String) -> String { FileSystem.join(path, name) }

  /// Where a file's present content lies: under its own name, unless a save was stopped before it came there.
  func currentPath(of file: ModelFile) throws(LanguageModelError) -> String {
    let staged = join(Self.stagedName(file))
    return try pendingFiles()?.contains(file) == true && FileSystem.exists(staged) ? staged : join(file.rawValue)
  }

  /// The files that a save was about to put in place when it was stopped; nil when none was.
  func pendingFiles() throws(LanguageModelError) -> [ModelFile]? {
    guard let bytes = try read(join(Self.noteName), as: Self.noteName, byteLimit: ModelLoader.configurationByteLimit)
    else {
      return nil
    }
    let damaged = LanguageModelError.corruptFile(name: Self.noteName, reason: "found no list of files, expected one")
    guard let names = (try? JSONValue.parse(bytes))?["replace"]?.array else { throw damaged }
    var files: [ModelFile] = []
    for name in names {
      guard let file = name.string.flatMap(ModelFile.init(rawValue:)) else { throw damaged }
      files.append(file)
    }
    return files
  }

  /// A file's bytes; nil when it isn't there.
  private func read(_ path: String, as name: String, byteLimit: Int) throws(LanguageModelError) -> [UInt8]? {
    do { return try FileSystem.readFile(path, byteLimit: byteLimit) } catch {
      if error.isMissing { return nil }
      if case .tooLarge = error {
        throw .corruptFile(name: name, reason: "found more than \(byteLimit) bytes, expected fewer")
      }
      throw .storage(error)
    }
  }

}

extension ModelDirectory: ModelFileSource {
  func bytes(of file: ModelFile, byteLimit: Int) throws(LanguageModelError) -> [UInt8]? {
    try read(try currentPath(of: file), as: file.rawValue, byteLimit: byteLimit)
  }

  func tensors(of file: ModelFile) throws(LanguageModelError) -> TensorSource? {
    let path = try currentPath(of: file)
    return FileSystem.exists(path) ? try TensorSource(file, at: path) : nil
  }

  /// Loads the model, or imports one that PyTorch and Hugging Face `tokenizers` wrote: then there is no
  /// `optimizer.safetensors`, and its state begins anew at step 0.
  ///
  /// - Parameters:
  ///   - memoryByteLimit: how much memory the model may take.
  ///   - team: the threads that will compute; the caller's alone when left out.
  /// - Throws: `missingFile`, `corruptFile`, `unsupported`, `limitExceeded`, `tooLargeForMemory`, `storage`.
  package func load(
    memoryByteLimit: Int = .max, team: ThreadTeam = ThreadTeam()
  ) throws(LanguageModelError) -> ModelTeacher {
    try ModelLoader(files: self).load(memoryByteLimit: memoryByteLimit, team: team)
  }
}
