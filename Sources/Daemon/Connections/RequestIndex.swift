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
    guard let id = request.id, let index = requests[id]?.firstIndex(where: { $0 === request }) else { return }
    requests[id]?.remove(at: index)
    if requests[id]?.isEmpty == true { requests[id] = nil }
  }

  /// Takes out those of an id: who cancels them again has nothing to find.
  mutating func takeAll(of id: RequestID) -> [PendingRequest] { requests.removeValue(forKey: id) ?? [] }
}
