/// A limit as `status` shows it and `rnnd start --limit` sets it.
package struct NamedLimit: Sendable {
  package let name: String
  package let keyPath: any WritableKeyPath<Limits, Int> & Sendable
  /// What it may be: no number that would overflow where it is used, or overflow a stack.
  package let range: ClosedRange<Int>

  private init(
    _ name: String, _ keyPath: any WritableKeyPath<Limits, Int> & Sendable, _ range: ClosedRange<Int>
  ) {
    self.name = name
    self.keyPath = keyPath
    self.range = range
  }

  /// Every limit.
  package static let all = [
    NamedLimit("lineBytes", \.lineByteLimit, byteCounts),
    NamedLimit("batch", \.batchLimit, 1...1 << 20),
    NamedLimit("nesting", \.nestingLimit, 4...256),
    NamedLimit("connections", \.connectionLimit, 1...1 << 20),
    NamedLimit("waitingRequests", \.waitingRequestLimit, 1...1 << 20),
    NamedLimit("waitingBytes", \.waitingByteLimit, byteCounts),
    NamedLimit("requestBytes", \.requestByteLimit, byteCounts),
    NamedLimit("unreadReplyBytes", \.unreadReplyByteLimit, byteCounts),
    NamedLimit("backgroundNotifications", \.backgroundLimit, 1...1 << 20),
    NamedLimit("backgroundBytes", \.backgroundByteLimit, byteCounts),
    NamedLimit("modelBytes", \.modelByteLimit, byteCounts),
    NamedLimit("trainingThreads", \.trainingThreadCount, 1...256),
    NamedLimit("fileBytes", \.fileByteLimit, byteCounts),
    NamedLimit("stateCacheBytes", \.stateCacheByteLimit, 0...1 << 40),
    NamedLimit("drainSeconds", \.drainSeconds, 0...86_400),
  ]

  private static let byteCounts = 1_024...1 << 40
}
