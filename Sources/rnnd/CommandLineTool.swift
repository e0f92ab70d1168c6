import Daemon
import RPC
import System

/// From the words of a command line to an ending.
package struct CommandLineTool {
  let console: Console

  /// Carries out a command line at this process's terminal, and returns the status to exit with.
  package static func exitStatus(of arguments: [String]) -> Int32 {
    CommandLineTool(console: .standard()).run(arguments).rawValue
  }

  /// The calls that are verbs; those whose names begin with `$` belong to the protocol alone.
  static var calls: [Call] { CallTable.all.filter { !$0.name.hasPrefix("$") } }

  static var verbs: [Verb] { LocalVerb.allCases.map(\.verb) + calls.map(Verb.init) }

  private static var verbNames: [String] { LocalVerb.allCases.map(\.rawValue) + calls.map(\.name) }

  func run(_ arguments: [String]) -> ExitCode {
    do throws(Failure) {
      try dispatch(arguments)
      return .success
    } catch {
      console.complain(error, asJSON: arguments.prefix { $0 != "--" }.contains("--json"))
      return error.code
    }
  }

  private func dispatch(_ arguments: [String]) throws(Failure) {
    var arguments = ArraySlice(arguments)
    let leading = Self.takeLeadingOptions(&arguments)
    guard let name = arguments.popFirst() else {
      try console.print(Help(verbs: Self.verbs).overview(on: console.output))
      throw Failure(.usage, "")
    }
    let rest = leading + arguments
    switch name {
    case "-h", "--help": try help(on: rest.first)
    case "-V", "--version": try run(.version, rest)
    default:
      if let verb = LocalVerb(rawValue: name) {
        try run(verb, rest)
      } else if let call = Self.calls.first(where: { $0.name == name }) {
        let verb = Verb(call)
        guard let parsed = try parse(rest, for: verb) else { return }
        try CallRunner(call: call, verb: verb, console: console).run(parsed)
      } else {
        throw unknownVerb(name)
      }
    }
  }

  /// `--socket` and `--json` may stand before the verb, too.
  private static func takeLeadingOptions(_ arguments: inout ArraySlice<String>) -> [String] {
    var leading: [String] = []
    while let first = arguments.first {
      if first == "--json" || first.hasPrefix("--socket=") {
        leading.append(arguments.removeFirst())
      } else if first == "--socket", arguments.count > 1 {
        leading += [arguments.removeFirst(), arguments.removeFirst()]
      } else {
        break
      }
    }
    return leading
  }

  private func unknownVerb(_ name: String) -> Failure {
    let kind = name.hasPrefix("-") ? "option before the verb" : "verb"
    let hint = nearest(name, among: Self.verbNames).map { "did you mean: rnnd \($0)" }
    return Failure(.usage, "there is no \(kind) '\(name)'", hint: hint ?? "all of them: rnnd help")
  }

  /// The verb's options; nil when help was asked for, which is printed then.
  private func parse(_ arguments: some Sequence<String>, for verb: Verb) throws(Failure) -> ParsedArguments? {
    let parsed: ParsedArguments
    do throws(UsageError) {
      parsed = try ParsedArguments(arguments, for: verb)
    } catch { throw Failure(error) }
    guard parsed.wantsHelp else { return parsed }
    try console.print(Help.page(of: verb, on: console.output))
    return nil
  }

  // MARK: Verbs that are no calls

  private func run(_ verb: LocalVerb, _ arguments: [String]) throws(Failure) {
    if verb == .bench, arguments.first == LocalVerb.echoFlag, let path = arguments.last {
      return try BenchRunner(console: console).echo(at: path)
    }
    let isDetached = arguments.contains(LocalVerb.readinessFlag)
    guard let parsed = try parse(arguments.filter { $0 != LocalVerb.readinessFlag }, for: verb.verb) else { return }
    switch verb {
    case .start:
      let foreground = parsed.flag("foreground")
      let lifeCycle = try LifeCycle(parsed, console: console)
      try foreground ? lifeCycle.serve(reportingReadiness: isDetached) : lifeCycle.start()
    case .stop: try LifeCycle(parsed, console: console).stop()
    case .restart: try LifeCycle(parsed, console: console).restart()
    case .socket: try console.print([try parsed.socketPath()])
    case .version: try console.print(["rnnd \(Version.daemon) (protocol \(Version.wireProtocol))"])
    case .verify: try Examiner(parsed, console: console).verify()
    case .doctor: try Examiner(parsed, console: console).doctor()
    case .bench: try BenchRunner(console: console).run(parsed)
    case .completions:
      guard let shell = parsed.text("shell").flatMap(Completions.Shell.init) else {
        throw Failure(.usage, "completions needs the name of a shell", hint: "one of: bash, zsh, fish")
      }
      try console.print(text: Completions(verbs: Self.verbs).script(for: shell))
    case .help: try help(on: parsed.text("topic"))
    }
  }

  private func help(on topic: String?) throws(Failure) {
    guard let topic else {
      return try console.print(Help(verbs: Self.verbs).overview(on: console.output))
    }
    if topic == "exit-codes" { return try console.print(Help.exitCodes) }
    guard let verb = Self.verbs.first(where: { $0.name == topic }) else { throw unknownVerb(topic) }
    try console.print(Help.page(of: verb, on: console.output))
  }
}

extension ParsedArguments {
  /// Where the daemon listens.
  func socketPath() throws(Failure) -> String {
    do {
      return try UserDirectories.socketPath(given: text("socket"))
    } catch { throw Failure(error) }
  }
}
