/// Every call that the daemon answers, in the order in which the reference lists them: the only list.
package enum CallTable {
  package static let all: [Call] = [
    .ping,
    .status,
    .discover,
    .shutdown,
    .cancelRequest,
  ]

  /// The call of a name; nil when there is none.
  package static func call(named name: String) -> Call? { byName[name] }

  private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
}
