/// Clients of which each asks again as soon as it has read its answer.
struct Crowd {
  private var members: [Member] = []

  private final class Member {
    var exchange: Exchange
    init(socket: String) throws(BenchmarkError) { exchange = try Exchange(connectingTo: socket) }
  }

  init(count: Int, socket: String) throws(BenchmarkError) {
    for _ in 0..<count { members.append(try Member(socket: socket)) }
  }

  /// Sends every member's lines, and reads as many answers.
  ///
  /// - Precondition: as many lines for each member.
  func ask(_ lines: [[[UInt8]]]) throws(BenchmarkError) {
    precondition(
      lines.count == members.count && lines.allSatisfy { $0.count == lines[0].count }, "Crowd: lines missing")
    for (member, lines) in zip(members, lines) { try member.exchange.send(lines[0]) }
    for next in 1...lines[0].count {
      for (member, lines) in zip(members, lines) {
        try Exchange.check(try member.exchange.receive())
        if next < lines.count { try member.exchange.send(lines[next]) }
      }
    }
  }
}
