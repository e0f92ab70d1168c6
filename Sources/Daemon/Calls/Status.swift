import JSON
import LanguageModel
import RPC
import System

extension Call {
  static let status = Call(
    "status", summary: "Tells how the daemon does: time, connections, calls, errors, models, limits, memory.",
    result: [
      ResultField("version", "The daemon's version."),
      ResultField("pid", "Its process."),
      ResultField("uptimeSeconds", "How long it has been running."),
      ResultField("socket", "Where it listens."),
      ResultField(
        "connections",
        "`open`, the `limit`, and since the start `accepted`, `refused` for lack of room, and `strangers` turned away."),
      ResultField("calls", "By name: `count`, `errors`, and `p50Microseconds`, `p99Microseconds`, `maxMicroseconds`."),
      ResultField("errors", "Counts by `kind`, malformed lines included."),
      ResultField("models", "As list-models has them."),
      ResultField(
        "persistence",
        "`dataDirectory`, how `durable` lessons are, and the models that are `unsaved` (not all in a checkpoint, but in the journal) or `failing` to be written: these are read-only."
      ),
      ResultField("memory", "`residentBytes` of the process, `modelBytes` of all models."),
      ResultField("limits", "What the daemon allows."),
    ]
  ) { (invocation) async throws(RPCError) in
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
        "strangers": JSONValue(service.statistics.strangerCount),
        "limit": JSONValue(service.limits.connectionLimit),
      ],
      "calls": service.statistics.callsDescription,
      "errors": service.statistics.errorsDescription,
      "models": .array(service.models.names.map { service.models.summary(of: $0) }),
      "persistence": service.persistence,
      "memory": [
        "residentBytes": JSONValue(ResourceUsage.residentByteCount),
        "modelBytes": JSONValue(service.models.memoryByteCount),
      ],
      "limits": service.limits.description,
    ]
  }
}

extension Service {
  /// `persistence` of `status`.
  fileprivate var persistence: JSONValue {
    let failing = models.loaded.compactMap { model in
      (model.failure ?? model.lastCheckpointError).map {
        JSONValue.object(["name": .string(model.name), "message": .string($0.message)])
      }
    }
    return [
      "dataDirectory": .string(configuration.dataDirectory), "durable": .string(configuration.durability.rawValue),
      "unsaved": .array(models.loaded.filter(\.isDirty).map { .string($0.name) }), "failing": .array(failing),
    ]
  }
}

extension Limits {
  /// `limits` of `status`.
  var description: JSONValue {
    .object(JSONObject(NamedLimit.all.map { ($0.name, JSONValue(self[keyPath: $0.keyPath])) }))
  }
}
