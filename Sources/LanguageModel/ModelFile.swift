/// The files of a model directory.
package enum ModelFile: String, CaseIterable, Sendable {
  /// Architecture, sizes, training settings.
  case configuration = "config.json"
  /// The vocabulary and how text is split, as Hugging Face `tokenizers` reads it.
  case tokenizer = "tokenizer.json"
  /// The weights under PyTorch's names.
  case weights = "model.safetensors"
  /// The optimizer's moments and the count of steps; not in directories that others wrote.
  case optimizer = "optimizer.safetensors"
}
