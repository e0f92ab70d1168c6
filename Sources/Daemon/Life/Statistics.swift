import JSON
import System

/// What the daemon counts about itself since it started.
@EventLoop
final class Statistics {
  private struct CallRecord {
    var count = 0
    var errorCount = 0
    var latency = LatencyHistogram()

    mutating func add(nanoseconds: UInt64, failed: Bool) {
      count += 1
      if failed { errorCount += 1 }
      latency.record(nanoseconds: nanoseconds)
    }
  }

  private var calls: [String: CallRecord] = [:]
  let startNanoseconds = MonotonicClock.nanoseconds
  let startSeconds = WallClock.seconds
  /// Errors by kind, malformed lines included.
  private var errors: [String: Int] = [:]
  var acceptedConnectionCount = 0
  /// Connections for which there was no room.
  var refusedConnectionCount = 0
  /// Connections of users whom the daemon doesn't serve.
  var strangerCount = 0

  /// Counts a call that was carried out, with the time from its beginning to its outcome.
  func record(call name: String, nanoseconds: UInt64, failed: Bool) {
    calls[name, default: CallRecord()].add(nanoseconds: nanoseconds, failed: failed)
  }

  func record(errorKind: String) { errors[errorKind, default: 0] += 1 }

  var uptimeSeconds: Double { Double(MonotonicClock.nanoseconds - startNanoseconds) / 1e9 }

  /// `calls` of `status`: by name, in the order of the table, those that were made.
  var callsDescription: JSONValue {
    var description = JSONObject()
    for call in CallTable.all {
      guard let record = calls[call.name] else { continue }
      description[call.name] = [
        "count": JSONValue(record.count), "errors": JSONValue(record.errorCount),
        "p50Microseconds": microseconds(record.latency.nanoseconds(atPercentile: 50)),
        "p99Microseconds": microseconds(record.latency.nanoseconds(atPercentile: 99)),
        "maxMicroseconds": microseconds(Double(record.latency.maximumNanoseconds)),
      ]
    }
    return .object(description)
  }

  var errorsDescription: JSONValue {
    .object(JSONObject(errors.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) }))
  }

  private func microseconds(_ nanoseconds: Double?) -> JSONValue {
    JSONValue(finite: ((nanoseconds ?? 0) / 100).rounded() / 10)
  }
}
