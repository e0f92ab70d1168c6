import LanguageModel
import RPC

/// A lesson on its way to the model's thread.
struct LessonTicket: Sendable {
  var request: LessonRequest
  var durability: Durability
  /// What the params call the lesson's text.
  var input: String
  /// How much memory the model may take with the words that the lesson adds.
  var memoryByteLimit = Int.max
  let isCancelled: Flag
}

/// What became of a lesson on the model's thread: still to be made durable, then published and answered.
struct LessonOutcome: Sendable {
  var result: Result<LessonReport, RPCError>
  /// Whether the result is that of an earlier request with the same key.
  var isRepeated = false
  /// The last record in the journal that belongs to it.
  var sequence: UInt64?
  var snapshot: ModelSnapshot?
  /// Whether a replay of the journal would take long by now.
  var wantsCheckpoint = false
  /// Whether the journal refused it, so that nothing more can be taught for now.
  var isStorageFailing = false
}

/// What a client is told of its lesson.
struct LessonAnswer: Sendable {
  let report: LessonReport
  let isRepeated: Bool
  let durability: Durability
}
