import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let importModel = Call(
    "import-model", summary: "Makes a model of a directory's files, written here or by PyTorch and tokenizers.",
    discussion: """
      The directory holds `config.json`, `tokenizer.json`, `model.safetensors`, and perhaps `optimizer.safetensors`. What \
      can't be honoured is refused by name. The files are copied; the directory stays as it is.
      """,
    parameters: [Common.name.parameter, Common.path.parameter], positional: ["name", "path"],
    result: Common.description, example: ["name": "novel", "path": "/home/me/models/default"], afterHangUp: .isFinished
  ) { (invocation) async throws(RPCError) in
    let path = try invocation[Common.path]
    let model = try await invocation.service.models.create(
      invocation[Common.name], from: .imported(path: path), unless: invocation.cancellation)
    return try await model.description(unless: invocation.cancellation)
  }
}
