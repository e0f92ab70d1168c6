package import JSON
package import RPC
import System

/// One call of the protocol: everything that is known about it stands in the file that defines it.
///
/// Dispatch, the checking of params, the command line's verbs and help, `rpc.discover` and the reference are all made
/// from these values. A new call is a new file and a line in ``CallTable/all``.
package final class Call: Sendable {
  /// The method's name on the wire and the verb of the command line.
  package let name: String
  /// One sentence.
  package let summary: String
  /// What the summary leaves unsaid, a paragraph; may be empty.
  package let discussion: String
  package let parameters: [Parameter]
  /// Groups of parameters that stand in for each other.
  package let alternatives: [Alternatives]
  /// The parameters that the command line takes without a flag, in order; the last may repeat if it takes an array.
  package let positional: [String]
  /// The members of the result.
  package let result: [ResultField]
  /// Params with which the call works as written against a new daemon's `default` model.
  package let example: JSONObject
  /// Whether members of the group that is let in may not call it.
  let isOwners: Bool
  /// What becomes of it when its client hangs up before it is answered.
  let afterHangUp: AfterHangUp
  let run: @EventLoop @Sendable (Invocation) async throws(RPCError) -> JSONValue

  init(
    _ name: String, summary: String, discussion: String = "", parameters: [Parameter] = [],
    alternatives: [Alternatives] = [], positional: [String] = [], result: [ResultField], example: JSONObject = [:],
    isOwners: Bool = false, afterHangUp: AfterHangUp = .isCancelled,
    run: @escaping @EventLoop @Sendable (Invocation) async throws(RPCError) -> JSONValue
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.parameters = parameters
    self.alternatives = alternatives
    self.positional = positional
    self.result = result
    self.example = example
    self.isOwners = isOwners
    self.afterHangUp = afterHangUp
    self.run = run
  }

  enum AfterHangUp {
    /// Reading work: nobody is left to read the answer.
    case isCancelled
    /// As a request it is ended; as a notification it was never meant to be answered, and goes on.
    case isCancelledIfAwaited
    /// It changes something, and the client meant it to.
    case isFinished
  }
}

/// Parameters of which one is given instead of another.
package struct Alternatives: Equatable, Sendable {
  package let names: [String]
  /// Whether one of them must be given.
  package let isRequired: Bool

  static func exactlyOne(_ names: String...) -> Alternatives { Alternatives(names: names, isRequired: true) }
  static func atMostOne(_ names: String...) -> Alternatives { Alternatives(names: names, isRequired: false) }
}

/// A member of a call's result, or of the objects in one of its arrays (`words[].probability`).
package struct ResultField: Equatable, Sendable {
  package let name: String
  package let documentation: String
  /// Whether every answer has it.
  package let isAlwaysThere: Bool

  init(_ name: String, _ documentation: String, isAlwaysThere: Bool = true) {
    self.name = name
    self.documentation = documentation
    self.isAlwaysThere = isAlwaysThere
  }
}

extension Call {
  /// Checks a client's params against the table before anything is done with them.
  ///
  /// - Returns: the params as calls read them.
  /// - Throws: invalid-params with the path of the first one that is unknown, wrong, missing or one too many.
  @discardableResult
  package func check(_ params: JSONObject) throws(RPCError) -> CheckedParams {
    var checked = CheckedParams(params)
    for member in params.members {
      guard let parameter = parameters.first(where: { $0.name == member.name }) else {
        throw .unknownParameter(member.name, among: parameters.map(\.name))
      }
      try parameter.kind.check(member.value, at: member.name)
      if case .list(of: .integer, _) = parameter.kind {
        checked.integers[member.name] = member.value.array?.compactMap(\.int)
        checked.members[member.name] = nil
      }
    }
    for parameter in parameters where parameter.isRequired && params[parameter.name] == nil {
      throw parameter.missing
    }
    for group in alternatives { try group.check(params, of: self) }
    return checked
  }
}

extension Alternatives {
  fileprivate func check(_ params: JSONObject, of call: Call) throws(RPCError) {
    let givenCount = names.count { params[$0] != nil }
    guard givenCount > 1 || givenCount == 0 && isRequired else { return }
    let choice = names.joined(separator: " or ")
    if givenCount > 1 {
      let given = names.filter { params[$0] != nil }
      throw .invalidParams(path: given[1], "found \(given.joined(separator: " and ")) together, expected \(choice)")
    } else {
      let first = call.parameters.first { $0.name == names.first }
      throw .invalidParams(
        path: names.first, "found no \(choice), expected \(first?.kind.expectation ?? "one of them")")
    }
  }
}
