import JSON
import System

extension Call {
  static let status = Call(
    "status", summary: "Tells how the daemon does: time, connections, calls, errors, models, limits, memory.",
    result: [
      ResultField("version", "The daemon's version."),
      ResultField("pid", "Its process."),
      ResultField("uptimeSeconds", "How long it has been running."),
      ResultField("socket", "Where it listens."),
      ResultField("connections", "`open`, `accepted` and `refused` since the start, and the `limit`."),
      ResultField("calls", "By name: `count`, `errors`, and `p50Microseconds`, `p99Microseconds`, `maxMicroseconds`."),
      ResultField("errors", "Counts by `kind`, malformed lines included."),
      ResultField("memory", "`residentBytes` of the process."),
      ResultField("limits", "What the daemon allows."),
    ]
  ) { invocation in
    let service = invocation.service
    return [
      "version": .string(Version.daemon),
      "pid": JSONValue(ProcessControl.processID),
      "uptimeSeconds": JSONValue(finite: (service.statistics.uptimeSeconds * 1_000).rounded() / 1_000),
      "socket": .string(service.configuration.socketPath),
      "connections": [
        "open": JSONValue(service.connections.count),
        "accepted": JSONValue(service.statistics.acceptedConnectionCount),
        "refused": JSONValue(service.statistics.refusedConnectionCount),
        "limit": JSONValue(service.limits.connectionLimit),
      ],
      "calls": service.statistics.callsDescription,
      "errors": service.statistics.errorsDescription,
      "memory": ["residentBytes": JSONValue(ResourceUsage.residentByteCount)],
      "limits": service.limits.description,
    ]
  }
}

extension Limits {
  /// `limits` of `status`.
  var description: JSONValue {
    [
      "lineBytes": JSONValue(lineByteLimit), "batch": JSONValue(batchLimit), "nesting": JSONValue(nestingLimit),
      "connections": JSONValue(connectionLimit), "waitingRequests": JSONValue(waitingRequestLimit),
      "unreadReplyBytes": JSONValue(unreadReplyByteLimit), "backgroundNotifications": JSONValue(backgroundLimit),
      "backgroundBytes": JSONValue(backgroundByteLimit), "modelBytes": JSONValue(modelByteLimit),
      "fileBytes": JSONValue(fileByteLimit), "stateCacheBytes": JSONValue(stateCacheByteLimit),
      "drainSeconds": JSONValue(finite: drainSeconds),
    ]
  }
}
