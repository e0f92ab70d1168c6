import Client
import Daemon
import JSON
import System

/// Carries out one call of the protocol for the command line.
struct CallRunner {
  let call: Call
  let verb: Verb
  let console: Console

  func run(_ arguments: ParsedArguments) throws(Failure) {
    let params = try params(from: arguments)
    let display = display(for: params, arguments)
    let result: JSONValue
    do throws(ClientError) {
      let connection = try RPCConnection(connectingTo: try socketPath(arguments))
      result = try connection.call(
        call.name, params, interruptedBy: try? SignalWatcher([.interrupt]),
        onInterruption: {
          display.clear()
          console.say(["cancelling (Ctrl-C again leaves at once)"])
        }, onProgress: display.show)
    } catch {
      display.clear()
      throw Failure(error)
    }
    display.clear()
    if arguments.flag("json") { return try console.print([result.description]) }
    if case .generation(let generation) = display { return try generation.finish(result["text"]?.string ?? "") }
    try ResultView(method: call.name, params: params, result: result).print(on: console)
  }

  // MARK: Progress

  /// What is shown while the call is under way.
  private enum Display {
    case nothing
    case progress(ProgressDisplay)
    case generation(GenerationDisplay)

    var show: ((JSONObject) -> Void)? {
      switch self {
      case .nothing: nil
      case .progress(let display): { display.show($0) }
      case .generation(let display): { display.show($0) }
      }
    }

    func clear() {
      if case .progress(let display) = self { display.finish() }
    }
  }

  /// Long work shows how far it has come: on a terminal by itself, elsewhere when asked to.
  private func display(for params: JSONObject, _ arguments: ParsedArguments) -> Display {
    guard let option = verb.options.first(where: { $0.parameter == Self.progress }) else { return .nothing }
    let asked = arguments[option.name]?.bool
    let wantsJSON = arguments.flag("json")
    if call.name == "generate" {
      guard asked ?? console.output.isTerminal, console.output.isTerminal, !wantsJSON else { return .nothing }
      return .generation(GenerationDisplay(console: console, beginning: params["text"]?.string ?? ""))
    }
    return asked ?? (console.errors.isTerminal && !wantsJSON) ? .progress(ProgressDisplay(console: console)) : .nothing
  }

  private static let progress = "progress"

  // MARK: Params

  private func params(from arguments: ParsedArguments) throws(Failure) -> JSONObject {
    var params: JSONObject = [:]
    for option in verb.options where call.parameters.contains(where: { $0.name == option.parameter }) {
      guard let value = arguments[option.name], option.parameter != Self.progress else { continue }
      params[option.parameter] = try resolved(value, of: option)
    }
    if params["text"] == "-" {
      params["text"] = try standardInput()
    } else if lacksText(params), !StandardStream.input.isTerminal {
      params["text"] = try standardInput()
    }
    try checkRequired(params)
    return params
  }

  /// Paths are made absolute: the daemon has another working directory.
  private func resolved(_ value: JSONValue, of option: Option) throws(Failure) -> JSONValue {
    do throws(SystemError) {
      switch option.kind {
      case .path: return .string(try FileSystem.absolute(value.string ?? ""))
      case .list(of: .path):
        var paths: [JSONValue] = []
        for path in value.array ?? [] { paths.append(.string(try FileSystem.absolute(path.string ?? ""))) }
        return .array(paths)
      default: return value
      }
    } catch { throw Failure(error) }
  }

  /// Whether the call wants a text, or something in its place, and has none of them.
  private func lacksText(_ params: JSONObject) -> Bool {
    if call.parameters.contains(where: { $0.name == "text" && $0.isRequired }) { return params["text"] == nil }
    return call.alternatives.contains { group in
      group.isRequired && group.names.contains("text") && group.names.allSatisfy { params[$0] == nil }
    }
  }

  /// Standard input, less the line ends at its end: what `$(…)` gives, so that both ways teach the same.
  private func standardInput() throws(Failure) -> JSONValue {
    let limit = Limits().fileByteLimit
    var bytes: [UInt8]
    do throws(SystemError) {
      guard let read = try StandardStream.input.readToEnd(byteLimit: limit) else {
        throw .tooLarge(path: "standard input", byteLimit: limit)
      }
      bytes = read
    } catch { throw Failure(error) }
    while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.badData, "standard input is not UTF-8 text", hint: "convert it, with iconv for example")
    }
    return .string(text)
  }

  private func checkRequired(_ params: JSONObject) throws(Failure) {
    let hint = "for example: " + Verb.example(of: call)
    for parameter in call.parameters where parameter.isRequired && params[parameter.name] == nil {
      throw Failure(.usage, "\(call.name) needs \(Self.name(parameter.name, in: call))", hint: hint)
    }
    for group in call.alternatives {
      let given = group.names.filter { params[$0] != nil }
      let names = group.names.map { Self.name($0, in: call) }.joined(separator: " or ")
      if given.isEmpty, group.isRequired { throw Failure(.usage, "\(call.name) needs \(names)", hint: hint) }
      if given.count > 1 { throw Failure(.usage, "\(call.name) takes only one of \(names)", hint: hint) }
    }
  }

  private static func name(_ parameter: String, in call: Call) -> String {
    call.positional.first == parameter ? "a \(parameter)" : "--\(parameter.kebabCase)"
  }

  private func socketPath(_ arguments: ParsedArguments) throws(ClientError) -> String {
    do {
      return try UserDirectories.socketPath(given: arguments.text("socket"))
    } catch { throw .unreachable(path: arguments.text("socket") ?? "the default socket", error) }
  }
}
