import JSON
import Kernels
import Networks
import Safetensors
import System
import Tokenizers

extension ModelDirectory {
  /// Writes a model as it was, replacing what is there: all of it or nothing.
  ///
  /// - Throws: `storage`. A directory that held a model then still holds it, or, if only the last steps failed, the new
  ///   one.
  package func save(_ image: ModelImage) throws(LanguageModelError) {
    let steps = saveSteps(image)
    for (index, step) in steps.enumerated() {
      do { try step.run() } catch {
        // What was staged counts for nothing before the note is there, and must stay once it is.
        if steps[index...].contains(where: { $0.kind == .note }) { removeStagedFiles() }
        throw error
      }
    }
  }

  /// One thing that a save does: between any two, the process may end.
  struct SaveStep {
    enum Kind { case prepare, stage, note, place, finish }

    let kind: Kind
    let run: () throws(LanguageModelError) -> Void
  }

  /// What a save does, in order.
  func saveSteps(_ image: ModelImage) -> [SaveStep] {
    let files = ModelFile.plain
    var steps = [
      SaveStep(kind: .prepare) { () throws(LanguageModelError) in
        try storing { () throws(SystemError) in try FileSystem.createPrivateDirectory(path) }
        try finishStoppedSave()
      }
    ]
    steps += files.map { file in
      SaveStep(kind: .stage) { () throws(LanguageModelError) in try stage(file, of: image) }
    }
    let note: JSONValue = ["format_version": 1, "replace": .array(files.map { JSONValue($0.rawValue) })]
    steps.append(
      SaveStep(kind: .note) { () throws(LanguageModelError) in try write(note, to: Self.noteName) })
    return steps + placingSteps(files)
  }

  /// What is left to do once the new files count.
  private func placingSteps(_ files: [ModelFile]) -> [SaveStep] {
    files.map { file in
      SaveStep(kind: .place) { () throws(LanguageModelError) in
        let staged = join(Self.stagedName(file))
        guard FileSystem.exists(staged) else { return }
        try storing { () throws(SystemError) in try FileSystem.rename(staged, to: join(file.rawValue)) }
      }
    } + [
      SaveStep(kind: .finish) { () throws(LanguageModelError) in
        try storing { () throws(SystemError) in
          try FileSystem.synchronizeDirectory(path)
          try FileSystem.removeFile(join(Self.noteName))
          try FileSystem.synchronizeDirectory(path)
        }
      }
    ]
  }

  /// Puts in place what an earlier save had made count, and clears away what it had not.
  private func finishStoppedSave() throws(LanguageModelError) {
    if let files = try pendingFiles() {
      for step in placingSteps(files) { try step.run() }
    }
    removeStagedFiles()
  }

  private func removeStagedFiles() {
    for file in ModelFile.plain { try? FileSystem.removeFile(join(Self.stagedName(file))) }
  }

  /// Writes one file under the name that it has until it counts.
  private func stage(_ file: ModelFile, of image: ModelImage) throws(LanguageModelError) {
    try storing { () throws(SystemError) in
      do throws(AtomicFile.Failure<SystemError>) {
        try AtomicFile.replace(join(Self.stagedName(file))) { (sink: inout AtomicFile.Sink) throws(SystemError) in
          try image.write(file) { (bytes) throws(SystemError) in try sink.write(bytes) }
        }
      } catch {
        switch error {
        case .writing(let error), .system(let error): throw error
        }
      }
    }
  }

  private func write(_ json: JSONValue, to name: String) throws(LanguageModelError) {
    let bytes = Array((json.pretty() + "\n").utf8)
    try storing { () throws(SystemError) in try AtomicFile.replace(join(name), with: bytes) }
  }

  private func storing(_ body: () throws(SystemError) -> Void) throws(LanguageModelError) {
    do { try body() } catch { throw .storage(error) }
  }
}
