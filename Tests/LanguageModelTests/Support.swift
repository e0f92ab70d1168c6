import Foundation
import Kernels
import Networks
import Tokenizers

@testable import LanguageModel

/// A directory of the test's own, removed with it.
final class TemporaryDirectory {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A model directory in it, not made yet.
  var model: ModelDirectory { ModelDirectory(path: path + "/model") }

  /// A copy of a golden directory in it.
  func copy(of golden: String) throws -> ModelDirectory {
    try FileManager.default.copyItem(atPath: Golden.path(golden), toPath: path + "/" + golden)
    return ModelDirectory(path: path + "/" + golden)
  }
}

/// Directories that PyTorch wrote.
enum Golden {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name)").path
  }
}

extension ModelDirectory {
  /// Writes the model as it is now.
  func save(_ teacher: ModelTeacher) throws(LanguageModelError) { try save(teacher.image()) }

  func bytes(of name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: join(name)))) }

  func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: join(name))) }

  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  func replace(_ part: String, by other: String, in name: String) throws {
    let text = String(decoding: try bytes(of: name), as: UTF8.self)
    precondition(text.contains(part), "nothing to replace")
    try write(text.replacingOccurrences(of: part, with: other), to: name)
  }
}

/// Text that small models are made from and taught.
let sampleText = """
  the man bites the dog
  the dog bites back
  a bird in the hand is worth two in the bush
  don't you know the quick brown fox jumps
  über allen gipfeln ist ruh

  """

extension CreateSettings {
  /// A model so small that tests take no time.
  static func tiny(
    _ kind: TokenizerKind = .word, cell: CellKind = .lstm, optimizer: OptimizerName = .sgd, seed: UInt64 = 1
  ) -> CreateSettings {
    var settings = CreateSettings()
    settings.cell = cell
    settings.embeddingSize = 6
    settings.hiddenSize = 8
    settings.layerCount = 2
    settings.tokenizer = kind
    settings.optimizer = optimizer
    settings.seed = seed
    if kind == .byteBPE { settings.vocabularySize = 300 }
    return settings
  }
}

extension ModelTeacher {
  /// A tiny model with a vocabulary from `sampleText`.
  static func tiny(
    _ kind: TokenizerKind = .word, cell: CellKind = .lstm, optimizer: CreateSettings.OptimizerName = .sgd
  ) throws -> ModelTeacher {
    try ModelTeacher(.tiny(kind, cell: cell, optimizer: optimizer), texts: [Array(sampleText.utf8)])
  }

  /// Everything that learning changes, to the bit.
  var everything: [String: [UInt32]] {
    var result = ["step": [UInt32(step)], "vocabulary": [UInt32(tokenizer.vocabularySize)]]
    for tensor in trainer.weightTensors + trainer.optimizerTensors {
      result[tensor.name] = tensor.values.array.map(\.bitPattern)
    }
    return result
  }
}

/// Does a task in slices of a few steps.
func finish<Task: ReadingTask>(_ task: Task, with reader: ModelReader, slice: Int) throws -> Task.Answer {
  var task = task
  while true {
    if let answer = try task.advance(by: slice, with: reader) { return answer }
  }
}

/// Does a task at once, with a reader that knows nothing.
func answer<Task: ReadingTask>(_ task: Task) throws -> Task.Answer {
  var task = task
  return try task.finish(with: ModelReader())
}
