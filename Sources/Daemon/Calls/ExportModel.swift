import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let exportModel = Call(
    "export-model", summary: "Writes a model into a directory that PyTorch and tokenizers can open.",
    discussion: "The directory is made, or must be empty or hold a model, which is replaced.",
    parameters: [Common.name.parameter, Common.path.parameter], positional: ["name", "path"],
    result: Common.description, example: ["name": "default", "path": "/home/me/exported"], afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let path = try invocation[Common.path]
    let target = ModelDirectory(path: path)
    try ExportModel.check(target)
    let model = try invocation.service.models.model(invocation[Common.name], parameter: "name")
    guard path != model.directory.path else {
      throw .invalidParams(
        path: "path", "found the model's own directory as path, expected another", hint: "save-model writes it there")
    }
    try await model.export(to: target, unless: invocation.cancellation)
    return try await model.description(unless: invocation.cancellation)
  }
}

private enum ExportModel {
  /// Refuses to put files among others that have nothing to do with a model.
  static func check(_ target: ModelDirectory) throws(RPCError) {
    let names: [String]
    do throws(SystemError) {
      guard let kind = try FileSystem.kind(at: target.path) else { return }
      guard kind == .directory else { throw .wrongKind(path: target.path, found: kind, expected: .directory) }
      names = try FileSystem.list(target.path)
    } catch {
      throw RPCError(error, parameter: "path")
    }
    guard !target.isStore else {
      throw .invalidParams(
        path: "path", "found a directory that keeps a model with its journal as path, expected another",
        hint: "name a directory that is not there yet")
    }
    guard names.isEmpty || target.holdsModel else {
      throw .invalidParams(
        path: "path", "found a directory with other files as path, expected an empty one or a model's",
        hint: "name a directory that is not there yet")
    }
  }
}
