import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let evaluate = Call(
    "evaluate", summary: "Tells how well the model predicts a file, of any length.",
    parameters: [
      Evaluate.file.parameter, Common.text.parameter, Common.model.parameter, Common.progress.parameter,
    ], alternatives: [.exactlyOne("file", "text")], positional: ["file"], result: ScoreReport.fields,
    example: ["text": "the man bites the dog"]
  ) { (invocation) async throws(RPCError) in
    let source = try Evaluate.source(invocation)
    let limit = invocation.service.limits.fileByteLimit
    let snapshot = try await invocation.model().snapshot(unless: invocation.cancellation)
    let progress = invocation.progress
    let report = try await invocation.service.reading.answer(
      parameter: source.parameter, unless: invocation.cancellation,
      begin: { () throws(RPCError) in try Evaluate.task(source, byteLimit: limit, in: snapshot) },
      report: { task in
        guard let progress else { return }
        let (done, count) = (task.doneCount, task.tokenCount)
        EventLoop.later { progress(["tokens": JSONValue(done), "totalTokens": JSONValue(count)]) }
      })
    return .object(report.description)
  }
}

private enum Evaluate {
  static let file = Field.string("file", of: .path, "The absolute path of a text file in UTF-8.")

  /// What is evaluated.
  enum Source: Sendable {
    case text(String)
    case file(String)

    var parameter: String {
      switch self {
      case .text: "text"
      case .file: "file"
      }
    }
  }

  static func source(_ invocation: Invocation) throws(RPCError) -> Source {
    if let path = try invocation[file] { return .file(path) }
    return .text(try invocation[Common.text] ?? "")
  }

  /// Reads the file, if it is one, on the reading desk's thread.
  static func task(
    _ source: Source, byteLimit: Int, in snapshot: ModelSnapshot
  ) throws(RPCError) -> ScoreTask {
    var text: String
    switch source {
    case .text(let given): text = given
    case .file(let path):
      let bytes = try TextFile.read(path, parameter: "file", byteLimit: byteLimit)
      guard let valid = String(validating: bytes, as: UTF8.self) else {
        throw .invalidParams(
          path: "file", "found bytes that are not UTF-8 in file, expected text",
          hint: "convert the file to UTF-8; binary files can't be evaluated")
      }
      text = valid
    }
    do throws(LanguageModelError) { return try ScoreTask(.text(text), in: snapshot) } catch {
      throw RPCError(error, input: source.parameter)
    }
  }
}
