import RPC

/// The requests of a connection that wait or work, by their ids.
///
/// A client may cancel them one by one, thousands in a line: each is found at a cost that doesn't depend on how many wait.
@EventLoop
struct RequestIndex {
  private var requests: [RequestID: [PendingRequest]] = [:]

  mutating func insert(_ request: PendingRequest) {
    guard let id = request.id else { return }
    requests[id, default: []].append(request)
  }

  mutating func remove(_ request: PendingRequest) {
    guard let id = request.id, var namesakes = requests.removeValue(forKey: id) else { return }
    namesakes.removeAll { $0 === request }
    if !namesakes.isEmpty { requests[id] = namesakes }
  }

  /// Takes out those of an id: who cancels them again has nothing to find.
  mutating func takeAll(of id: RequestID) -> [PendingRequest] { requests.removeValue(forKey: id) ?? [] }
}
