import Foundation
import JSON
import Networks
import Testing
import Tokenizers

@testable import LanguageModel

@Suite("A model directory")
struct ModelDirectoryTests {
  /// A model that has learned something, with everything that files must keep.
  private func taught(
    _ kind: TokenizerKind = .word, cell: CellKind = .lstm, optimizer: CreateSettings.OptimizerName = .adamw
  ) throws -> ModelTeacher {
    let teacher = try ModelTeacher.tiny(kind, cell: cell, optimizer: optimizer)
    for text in ["the man bites the dog", "a new lesson\nfor everybody"] {
      _ = try teacher.teach(Lesson([.text(text)]))
    }
    return teacher
  }

  @Test(
    "gives the model back to the bit, and learning goes on as if it had never been away",
    arguments: TokenizerKind.allCases, [CreateSettings.OptimizerName.sgd, .adamw])
  func roundTrip(_ kind: TokenizerKind, _ optimizer: CreateSettings.OptimizerName) throws {
    let directory = try TemporaryDirectory()
    let teacher = try taught(kind, cell: kind == .word ? .lstm : .gru, optimizer: optimizer)
    try directory.model.save(teacher)
    let loaded = try directory.model.load()
    #expect(loaded.everything == teacher.everything)
    #expect(loaded.configuration == teacher.configuration)
    #expect(loaded.step == teacher.step)
    for text in ["the man bites back", "words never seen before", "the end"] {
      let (a, b) = (try teacher.teach(Lesson([.text(text)])), try loaded.teach(Lesson([.text(text)])))
      #expect(a == b)
    }
    #expect(loaded.everything == teacher.everything)
    let question = ModelInput.text("the man bites the ")
    #expect(
      try answer(NextWordTask(after: question, in: loaded.snapshot()))
        == answer(NextWordTask(after: question, in: teacher.snapshot())))
  }

  @Test("with dropout goes on with the same choices")
  func dropoutGoesOn() throws {
    let directory = try TemporaryDirectory()
    var settings = CreateSettings.tiny()
    settings.dropout = 0.5
    settings.seed = .max
    let teacher = try ModelTeacher(settings)
    _ = try teacher.teach(Lesson([.text("the man bites the dog")]))
    try directory.model.save(teacher)
    let loaded = try directory.model.load()
    for model in [teacher, loaded] { _ = try model.teach(Lesson([.text("the man bites the dog")])) }
    #expect(loaded.everything == teacher.everything)
  }

  @Test("is its owner's alone")
  func permissions() throws {
    let directory = try TemporaryDirectory()
    try directory.model.save(taught())
    func mode(_ path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
    #expect(try mode(directory.model.path) == 0o700)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.model.path)
    #expect(names.sorted() == ["config.json", "model.safetensors", "optimizer.safetensors", "tokenizer.json"])
    for name in names { #expect(try mode(directory.model.join(name)) == 0o600) }
    #expect(directory.model.holdsModel && !ModelDirectory(path: directory.path).holdsModel)
  }

  @Test("holds the old model or the new one wherever a save is stopped")
  func crashPoints() throws {
    let (old, new) = (try taught(), try taught())
    _ = try new.teach(Lesson([.text("one lesson more with so many new words")]))
    let stepCount = ModelDirectory(path: "").saveSteps(new.image()).count
    var sawOld = 0
    var sawNew = 0
    for stop in 0...stepCount {
      let directory = try TemporaryDirectory()
      try directory.model.save(old)
      for step in directory.model.saveSteps(new.image()).prefix(stop) { try step.run() }
      let found = try directory.model.load()
      if found.everything == old.everything { sawOld += 1 } else { sawNew += 1 }
      #expect(found.everything == (stop <= 5 ? old : new).everything, "stopped before step \(stop)")
      #expect(found.configuration == (stop <= 5 ? old : new).configuration)
      // The next save finishes what was stopped and leaves nothing behind.
      _ = try found.teach(Lesson([.text("after the crash")]))
      try directory.model.save(found)
      #expect(try directory.model.load().everything == found.everything)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.model.path).count == 4)
    }
    #expect(sawOld == 6 && sawNew == stepCount - 5)
  }

  @Test("keeps the old model when a file can't be written")
  func failedSave() throws {
    let directory = try TemporaryDirectory()
    let teacher = try taught()
    try directory.model.save(teacher)
    let before = teacher.everything
    // A directory stands where a new file would go.
    try FileManager.default.createDirectory(
      atPath: directory.model.join("model.safetensors.next"), withIntermediateDirectories: false)
    _ = try teacher.teach(Lesson([.text("more")]))
    #expect(throws: LanguageModelError.self) { try directory.model.save(teacher) }
    #expect(try directory.model.load().everything == before)
  }

  @Test("cut at any byte of any file, is refused or still the same model", arguments: ModelFile.plain)
  func truncation(_ file: ModelFile) throws {
    let directory = try TemporaryDirectory()
    var settings = CreateSettings.tiny()
    (settings.embeddingSize, settings.hiddenSize, settings.layerCount, settings.optimizer) = (1, 1, 1, .adamw)
    let teacher = try ModelTeacher(settings)
    _ = try teacher.teach(Lesson([.text("a b")]))
    try directory.model.save(teacher)
    let bytes = try directory.model.bytes(of: file.rawValue)
    for count in 0..<bytes.count {
      try directory.model.write(Array(bytes[..<count]), to: file.rawValue)
      do {
        let found = try directory.model.load()
        #expect(found.everything == teacher.everything && found.configuration == teacher.configuration)
        #expect(count == bytes.count - 1 && file != .weights && file != .optimizer, "cut at \(count)")
      } catch {
        guard case .corruptFile = error else {
          Issue.record("cut at \(count): \(error)")
          continue
        }
      }
    }
  }

  @Test("of missing files, wrong kinds and strange contents is refused by the file's name")
  func damage() throws {
    let fresh = try TemporaryDirectory()
    #expect(throws: LanguageModelError.missingFile("config.json")) { try fresh.model.load() }
    for file in ModelFile.plain where file != .optimizer {
      let directory = try TemporaryDirectory()
      try directory.model.save(taught())
      try FileManager.default.removeItem(atPath: directory.model.join(file.rawValue))
      #expect(throws: LanguageModelError.missingFile(file.rawValue)) { try directory.model.load() }
      try FileManager.default.createDirectory(
        atPath: directory.model.join(file.rawValue), withIntermediateDirectories: false)
      #expect(throws: LanguageModelError.self) { try directory.model.load() }
    }
    let directory = try TemporaryDirectory()
    try directory.model.save(taught())
    try directory.model.write("{}", to: "save.json")
    #expect(throws: LanguageModelError.corruptFile(name: "save.json", reason: "found no list of files, expected one")) {
      try directory.model.load()
    }
    try directory.model.write("{\"replace\":[\"../x\"]}", to: "save.json")
    #expect(throws: LanguageModelError.self) { try directory.model.load() }
  }
}

@Suite("Importing what PyTorch wrote")
struct ImportTests {
  private struct Expected: Decodable {
    let text: String
    let ids: [Int]
    let logProbabilities: [Double]
  }

  @Test(
    "gives PyTorch's log-probability for every token",
    arguments: [
      "pytorch-lstm", "pytorch-gru-projected", "pytorch-relu-bfloat16", "pytorch-tanh-bytes",
      "pytorch-lstm-sizes-left-out",
    ])
  func equalsPyTorch(_ name: String) throws {
    let teacher = try ModelDirectory(path: Golden.path(name)).load()
    let data = try Data(contentsOf: URL(fileURLWithPath: Golden.path(name) + "/expected.json"))
    #expect(teacher.step == 0 && !teacher.tokenizer.isOpen)
    for expected in try JSONDecoder().decode([Expected].self, from: data) {
      let report = try answer(ScoreTask(.text(expected.text), perToken: true, in: teacher.snapshot()))
      let tokens = try #require(report.perToken)
      #expect(tokens.map(\.id) == expected.ids)
      for (token, value) in zip(tokens, expected.logProbabilities) { #expect(abs(token.logProbability - value) < 1e-5) }
    }
  }

  @Test("can be taught, saved and loaded again")
  func goesOn() throws {
    let directory = try TemporaryDirectory()
    let teacher = try ModelDirectory(path: Golden.path("pytorch-gru-projected")).load()
    let first = try teacher.teach(Lesson([.text("the man bites the dog")])).loss
    for _ in 0..<20 { _ = try teacher.teach(Lesson([.text("the man bites the dog")])) }
    #expect(try teacher.teach(Lesson([.text("the man bites the dog")])).loss < first)
    try directory.model.save(teacher)
    #expect(try directory.model.load().everything == teacher.everything)
  }

  @Test(
    "refuses by name what it can't honour",
    arguments: [
      ("\"hidden_size\": 8", "\"hidden_size\": 9", "rnn.weight_ih_l0"),
      ("\"num_layers\": 2", "\"num_layers\": 3", "rnn.weight_ih_l2"),
      ("\"num_layers\": 2", "\"num_layers\": 1", "_l1"),
      ("\"embed_dim\": 6", "\"embed_dim\": 5", "rnn.weight_ih_l0"),
      ("\"rnn_type\": \"LSTM\"", "\"rnn_type\": \"GRU\"", "rnn.weight_ih_l0"),
      ("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true", "projection.weight"),
      ("\"vocab_size\": ", "\"vocab_size\": 1", "tokens"),
      ("\"rnn_type\": \"LSTM\"", "\"rnn_type\": \"LSTM\", \"bidirectional\": true", "bidirectional"),
    ])
  func refusals(_ part: String, _ other: String, _ named: String) throws {
    let directory = try TemporaryDirectory()
    let model = try directory.copy(of: "pytorch-lstm")
    try model.replace(part, by: other, in: "config.json")
    let error = #expect(throws: LanguageModelError.self) { try model.load() }
    #expect(error.map { "\($0)".contains(named) } == true, "\(String(describing: error))")
  }

  @Test(
    "refuses a model that is too large for memory by what its configuration and its header say, before the rest is read",
    arguments: [
      // The configuration says it all, or the header says what the configuration doesn't.
      ("", "", ["model.safetensors", "tokenizer.json"]), ("\"embed_dim\": 6,", "", ["tokenizer.json"]),
    ])
  func memory(_ part: String, _ other: String, _ unread: [String]) throws {
    let directory = try TemporaryDirectory()
    let model = try directory.copy(of: "pytorch-lstm")
    let memory = try model.load().configuration.memoryByteCount()
    if !part.isEmpty { try model.replace(part, by: other, in: "config.json") }
    #expect(try model.load(memoryByteLimit: memory).configuration.memoryByteCount() == memory)
    for name in unread { try FileManager.default.removeItem(atPath: model.join(name)) }
    #expect(throws: LanguageModelError.tooLargeForMemory(found: memory, limit: memory - 1, wordCount: nil)) {
      try model.load(memoryByteLimit: memory - 1)
    }
  }

  @Test("refuses tensors that are too many, missing, or of another type, by name")
  func refusesTensors() throws {
    for (part, other) in [("rnn.bias_hh_l1", "rnn.bias_xx_l1"), ("\"F32\"", "\"I32\"")] {
      let directory = try TemporaryDirectory()
      let model = try directory.copy(of: "pytorch-lstm")
      var bytes = try model.bytes(of: "model.safetensors")
      let range = try #require(bytes.firstRange(of: Array(part.utf8)))
      bytes.replaceSubrange(range, with: Array(other.utf8))
      try model.write(bytes, to: "model.safetensors")
      let error = #expect(throws: LanguageModelError.self) { try model.load() }
      guard case .corruptFile(name: "model.safetensors", let reason) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(reason.contains(part == "\"F32\"" ? "I32" : part))
    }
  }

  @Test("refuses weights that are not finite, and a tokenizer that does what is not done here")
  func refusesContents() throws {
    let directory = try TemporaryDirectory()
    let model = try directory.copy(of: "pytorch-lstm")
    var bytes = try model.bytes(of: "model.safetensors")
    bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
    try model.write(bytes, to: "model.safetensors")
    #expect(throws: LanguageModelError.self) { try model.load() }
    let other = try TemporaryDirectory()
    let refused = try other.copy(of: "pytorch-lstm")
    try refused.replace("\"WhitespaceSplit\"", by: "\"Metaspace\"", in: "tokenizer.json")
    let error = #expect(throws: LanguageModelError.self) { try refused.load() }
    guard case .unsupported(file: "tokenizer.json", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
