import LanguageModel
import RPC
import System

/// Writes models to the disk while they go on learning: a thread of its own, which steps back behind all others.
actor ModelWriter {
  private let executor = ThreadExecutor(name: "rnnd.writer", nice: 10)

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  func write(_ checkpoint: PendingCheckpoint) throws(RPCError) {
    do throws(LanguageModelError) { try checkpoint.write() } catch { throw RPCError(error) }
  }

  /// Writes a model where others read it.
  func export(_ image: ModelImage, to directory: ModelDirectory) throws(RPCError) {
    do throws(LanguageModelError) { try directory.save(image) } catch { throw RPCError(error) }
  }
}
