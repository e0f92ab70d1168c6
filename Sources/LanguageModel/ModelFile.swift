/// The files of a model directory and of a checkpoint.
package enum ModelFile: String, CaseIterable, Sendable {
  /// Architecture, sizes, training settings.
  case configuration = "config.json"
  /// The vocabulary and how text is split, as Hugging Face `tokenizers` reads it.
  case tokenizer = "tokenizer.json"
  /// The weights under PyTorch's names.
  case weights = "model.safetensors"
  /// The optimizer's moments and the count of steps; not in directories that others wrote.
  case optimizer = "optimizer.safetensors"
  /// What else a checkpoint keeps: the answers to requests with keys, and where a training run stands.
  case state = "state.json"
  /// The texts of a training run that is under way, as tokens.
  case runTokens = "training.tokens"
  /// The hidden states of its streams.
  case runStates = "training.states"
}
