import LanguageModel
import RPC
import System

/// Every model in memory by its name, and the way from the disk to there and back.
///
/// A name has at most one model that takes requests. While one is leaving memory, its successor is already there for
/// new requests, and is opened when the other is gone: so two creations, a deletion during training, or a load during an
/// unload can't meet on the disk.
@EventLoop
final class ModelRegistry {
  private let directory: String
  private let limits: Limits
  private let settings: Model.Settings
  private var models: [String: Model] = [:]

  nonisolated static let defaultName = "default"

  /// What the directory of a model is called while it is being removed. No model's name ends so: names of models are
  /// checked, and one that did would be refused.
  nonisolated static let discardedSuffix = "~"

  init(_ configuration: DaemonConfiguration) {
    directory = FileSystem.join(configuration.dataDirectory, "models")
    limits = configuration.limits
    settings = Model.Settings(
      disk: configuration.disk, retryMilliseconds: configuration.diskRetryMilliseconds,
      flushMilliseconds: configuration.flushMilliseconds, replayMilliseconds: configuration.replayMilliseconds,
      restMilliseconds: configuration.restMilliseconds,
      log: configuration.log)
  }

  private var log: Log { settings.log }

  /// Makes the directory of models, and a model called `default` if there is none.
  func prepare() async throws(SystemError) {
    try FileSystem.createPrivateDirectory(directory)
    for name in try FileSystem.list(directory) where name.hasSuffix(Self.discardedSuffix) {
      try? FileSystem.removeTree(FileSystem.join(directory, name))
    }
    do throws(RPCError) {
      let model =
        self.directory(of: Self.defaultName).holdsModel
        ? try model(Self.defaultName) : try await create(Self.defaultName, from: .new(CreateSettings(), .nothing))
      _ = try await model.snapshot(unless: nil)
    } catch {
      log.error("the model \(Self.defaultName) is not ready: \(error.message)")
    }
    // A training that was interrupted goes on without being asked for.
    for name in names where self.directory(of: name).hasUnfinishedTraining { _ = try? model(name) }
  }

  /// The model of a name, on its way into memory if it is not there yet.
  ///
  /// - Throws: model-not-found, invalid-params for what can't be a name.
  func model(_ name: String, parameter: String = "model") throws(RPCError) -> Model {
    let name = try checked(name, parameter: parameter)
    if let model = models[name], !model.isClosing { return model }
    guard models[name] != nil || directory(of: name).holdsModel else {
      throw .modelNotFound(name, among: names)
    }
    return open(name, from: .directory, cancellation: nil)
  }

  /// The model of a name if it is in memory and takes requests.
  func loadedModel(_ name: String) -> Model? {
    guard let model = models[name], !model.isClosing else { return nil }
    return model
  }

  /// Makes a model of a new name.
  ///
  /// - Throws: model-exists, and whatever keeps it from being made; then there is none of that name.
  func create(
    _ name: String, parameter: String = "name", from source: ModelSource, unless cancellation: Cancellation? = nil
  ) async throws(RPCError) -> Model {
    let name = try checked(name, parameter: parameter)
    while let existing = models[name] {
      if existing.isClosing {
        try await existing.closed.value(unless: cancellation)
        // Its successor, if it has one, is asked next.
        if models[name] === existing { models[name] = nil }
      } else {
        do throws(RPCError) {
          try await existing.opened.value(unless: cancellation)
        } catch {
          try cancellation?.check()
          continue
        }
        throw .modelExists(name)
      }
    }
    guard !directory(of: name).holdsModel else { throw .modelExists(name) }
    let model = open(name, from: source, cancellation: cancellation)
    do throws(RPCError) {
      try await model.opened.value(unless: cancellation)
    } catch {
      if cancellation?.cause != nil { abandon(model) }
      throw error
    }
    return model
  }

  /// Takes back a creation that was cancelled too late for the trainer to notice.
  private func abandon(_ model: Model) {
    EventLoop.later { [self] in
      guard (try? await model.opened.value()) != nil else { return }
      do throws(RPCError) { try await delete(model) } catch {
        log.error("can't take back the model \(model.name): \(error.message)")
      }
    }
  }

  func unload(_ model: Model) async throws(RPCError) {
    do throws(RPCError) { try await model.unload() } catch {
      keep(model)
      throw error
    }
    forget(model)
  }

  func delete(_ model: Model) async throws(RPCError) {
    do throws(RPCError) { try await model.delete() } catch {
      keep(model)
      throw error
    }
    forget(model)
  }

  /// Puts a model that could not leave in the place of its successor, which fails with it.
  private func keep(_ model: Model) { models[model.name] = model }

  /// The models in memory, by name.
  var loaded: [Model] { models.values.filter { !$0.isClosing }.sorted { $0.name < $1.name } }

  /// The names of all models, in memory or on the disk.
  var names: [String] {
    let stored = ((try? FileSystem.list(directory)) ?? []).filter { directory(of: $0).holdsModel && isName($0) }
    return Set(stored + loaded.map(\.name)).sorted()
  }

  func directory(of name: String) -> ModelDirectory { ModelDirectory(path: FileSystem.join(directory, name)) }

  /// Bytes of all models in memory.
  var memoryByteCount: Int { models.values.reduce(0) { $0 + ($1.snapshot?.memoryByteCount ?? 0) } }

  private func open(_ name: String, from source: ModelSource, cancellation: Cancellation?) -> Model {
    let model = Model(
      name: name, directory: directory(of: name), from: source, after: models[name], settings: settings,
      cancellation: cancellation
    ) { [weak self, limits] in
      ModelTrainer.Allowance(
        fileByteCount: limits.fileByteLimit, memoryByteCount: limits.modelByteLimit - (self?.memoryByteCount ?? 0),
        threadCount: limits.trainingThreadCount)
    }
    models[name] = model
    EventLoop.later { [self] in
      do throws(RPCError) { try await model.opened.value() } catch { forget(model) }
    }
    return model
  }

  private func forget(_ model: Model) {
    if models[model.name] === model { models[model.name] = nil }
  }

  private func isName(_ name: String) -> Bool { ModelName.isValid(name) }

  private func checked(_ name: String, parameter: String) throws(RPCError) -> String {
    guard isName(name) else {
      throw .invalidParams(
        path: parameter,
        "found what is no model's name as \(parameter), expected 1 to \(ModelName.byteLimit) letters, digits, '.', '_' "
          + "and '-' that begin with a letter or digit")
    }
    return name
  }
}
