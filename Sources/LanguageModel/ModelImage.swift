import JSON
import Kernels
import Networks
import Safetensors
import Tokenizers

/// All of a model at one moment, for any thread: what a checkpoint or an export consists of.
///
/// Weights are shared with readers, moments are copies of its own.
package struct ModelImage: Sendable {
  package let configuration: ModelConfiguration
  let tokenizer: Tokenizer
  let weights: WeightsSnapshot
  let moments: MomentsCopy
  package let step: Int
  let bound: MagnitudeBound
  /// Of a model that is kept: whose requests it remembers, and the training under way.
  var requests = RequestMemory()
  var run: TrainingRunState?
}

extension ModelTeacher {
  /// The model as it is now.
  ///
  /// - Complexity: one copy of the optimizer's moments.
  package func image() -> ModelImage {
    let snapshot = snapshot()
    return ModelImage(
      configuration: configuration, tokenizer: tokenizer, weights: snapshot.weights, moments: trainer.copyMoments(),
      step: step, bound: trainer.bound)
  }
}

extension ModelFile {
  /// The files that every model has: what PyTorch and others read.
  static let plain: [ModelFile] = [.configuration, .tokenizer, .weights, .optimizer]
}

// MARK: - Writing

extension ModelImage {
  /// The files of a checkpoint.
  var files: [ModelFile] { ModelFile.plain + [.state] + (run == nil ? [] : [.runTokens, .runStates]) }

  /// Sends a file's bytes to a sink, piece after piece.
  func write<Failure: Error>(_ file: ModelFile, to sink: (RawSpan) throws(Failure) -> Void) throws(Failure) {
    switch file {
    case .configuration: try send(Self.bytes(configuration.json()), to: sink)
    case .tokenizer: try send(Self.bytes(tokenizer.json()), to: sink)
    case .weights: try write(weights.tensors, metadata: ["format": "pt"], to: sink)
    case .optimizer: try write(moments.tensors, metadata: ["step": JSONValue("\(step)")], to: sink)
    case .state: try send(Self.bytes(state), to: sink)
    case .runTokens: try send(run?.tokenBytes ?? [], to: sink)
    case .runStates: try send(run?.hiddenStateBytes ?? [], to: sink)
    }
  }

  /// About how many bytes all files take.
  var byteCount: Int {
    let numbers = weights.shape.parameterCount * (1 + configuration.optimizer.momentPrefixes.count)
    return 4 * (numbers + (run?.tokens.count ?? 0)) + tokenizer.vocabularySize * 64 + (1 << 20)
  }

  private static func bytes(_ json: JSONValue) -> [UInt8] { Array((json.pretty() + "\n").utf8) }

  private func send<Failure: Error>(
    _ bytes: [UInt8], to sink: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    try unsafe sink(bytes.span.bytes)
  }

  private func write<Failure: Error>(
    _ tensors: [NamedTensor], metadata: JSONObject, to sink: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    let writer = SafetensorsWriter(tensors.map { .init(name: $0.name, shape: $0.dimensions) }, metadata: metadata)
    try send(writer.header, to: sink)
    for tensor in tensors {
      try tensor.values.withSpan { (values) throws(Failure) in try SafetensorsWriter.sendBytes(of: values, to: sink) }
    }
  }

  /// `state.json`: what the other files don't say.
  private var state: JSONValue {
    var state: JSONObject = [
      "format_version": JSONValue(Self.stateVersion), "step": JSONValue(step),
      "bound": ["weights": JSONValue(finite: bound.weights), "moments": JSONValue(finite: bound.moments)],
      "requests": requests.json,
    ]
    state["training"] = run?.json
    return .object(state)
  }

  static let stateVersion = 1
}
