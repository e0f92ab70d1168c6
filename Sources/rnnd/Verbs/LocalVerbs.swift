import Bench
import Daemon
import LanguageModel

/// The verbs that are no calls of the protocol.
enum LocalVerb: String, CaseIterable {
  case start, stop, restart, socket, verify, doctor, bench, completions, version, help

  var verb: Verb {
    var verb = Verb(name: rawValue, summary: summary, options: options, examples: examples)
    verb.discussion = discussion
    switch self {
    case .completions: verb.positional = ["shell"]
    case .help: verb.positional = ["topic"]
    case .verify, .doctor: verb.positional = ["models"]
    default: break
    }
    return verb
  }

  private var summary: String {
    switch self {
    case .start: "Starts the daemon in the background; returns when it answers."
    case .stop: "Stops the daemon; returns when everything is saved and it has ended."
    case .restart: "Stops the daemon if it runs, and starts it again."
    case .socket: "Prints the path of the daemon's socket."
    case .verify: "Checks every checksum of models on the disk, while no daemon runs."
    case .doctor: "Says what is wrong with models on the disk, and saves what is whole into a copy."
    case .bench: "Measures this machine's limits, and beside them what rnnd reaches."
    case .completions: "Prints a script that completes verbs and options in a shell."
    case .version: "Prints the version."
    case .help: "Explains a verb, or lists all of them."
    }
  }

  private var discussion: String {
    switch self {
    case .start: "If the daemon runs already, that is said, and nothing else is done."
    case .doctor:
      "Changes nothing. With --repair-into the newest whole checkpoint, and every lesson behind it up to the damage, are "
        + "copied into a new directory, from which import-model makes a model."
    case .completions: "bash: eval \"$(rnnd completions bash)\"; zsh likewise; fish: rnnd completions fish | source."
    default: ""
    }
  }

  private var examples: [String] {
    switch self {
    case .start:
      ["rnnd start", "rnnd start --foreground --log-level debug", "rnnd start --data ~/models --socket /tmp/me/d.sock"]
    case .stop: ["rnnd stop"]
    case .restart: ["rnnd restart"]
    case .socket:
      ["echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}' | socat -t 600 - UNIX-CONNECT:\"$(rnnd socket)\""]
    case .verify: ["rnnd verify", "rnnd verify default --json"]
    case .doctor: ["rnnd doctor", "rnnd doctor story --repair-into saved-story"]
    case .bench: ["rnnd bench", "rnnd bench --quick --json", "rnnd bench --only latency training.small"]
    case .completions: ["eval \"$(rnnd completions bash)\""]
    case .version: ["rnnd version"]
    case .help: ["rnnd help next-word", "rnnd help exit-codes"]
    }
  }

  private var options: [Option] {
    switch self {
    case .start: [Verb.socketOption, Self.foregroundOption] + Self.daemonOptions
    case .restart: [Verb.socketOption] + Self.daemonOptions
    case .stop, .socket: [Verb.socketOption]
    case .verify: [Self.modelsOption, Self.dataOption, Self.jsonOption]
    case .doctor:
      [
        Self.modelsOption, Self.dataOption,
        Option("repair-into", .path, "A directory to be made, for a copy of what is whole of one model."),
        Self.jsonOption,
      ]
    case .bench:
      [
        Option("quick", .flag, "Finish within about 20 seconds: fewer rounds, nothing about how cost grows."),
        Option(
          "only", .list(of: .text),
          "Parts to measure, or beginnings of figures' names, such as training.small: "
            + Part.allCases.map(\.rawValue).joined(separator: ", ") + "."),
        Option("json", .flag, "Print the figures as one line of JSON."),
        Option("markdown", .flag, "Print the figures as the tables of a document."),
      ]
    case .completions:
      [
        Option(
          "shell", .text, isRequired: true, choices: Completions.Shell.allCases.map(\.rawValue),
          "The shell to complete in.")
      ]
    case .version: []
    case .help: [Option("topic", .text, "A verb, or exit-codes.")]
    }
  }

  private static let modelsOption = Option(
    "models", .list(of: .text), "The models to look at; all when left out.")
  private static let jsonOption = Option("json", .flag, "Print what was found as one line of JSON.")

  /// What the daemon is told, in the background as in the foreground.
  static let daemonOptions = [dataOption, durableOption, logLevelOption, allowGroupOption, limitOption]

  private static let dataOption = Option(
    "data", .path, "Where models are kept. Default: $XDG_DATA_HOME/rnnd, else ~/.local/share/rnnd.")
  private static let durableOption = Option(
    "durable", .text, choices: Durability.allCases.map(\.rawValue),
    "What a lesson survives once it is answered: fsync a power cut, os the daemon's end, memory nothing. Default: fsync."
  )
  private static let foregroundOption = Option(
    "foreground", .flag, "Stay in the foreground and log to standard error; for service managers.")
  private static let logLevelOption = Option(
    "log-level", .text, choices: LogLevel.allCases.map(\.rawValue), "How much is logged. Default: info.")
  private static let allowGroupOption = Option(
    "allow-group", .text,
    "A group, by name or number, whose members may connect and use models, but name no files. Default: none.")
  private static let limitOption = Option(
    "limit", .list(of: .text),
    "What the daemon allows, as NAME=VALUE with a name that rnnd status --json shows under limits.")

  /// What the daemon in the background is started with, beside its paths; told by no help.
  static let readinessFlag = "--report-readiness"
  /// What the benchmark starts this program with to have an echo at a path; told by no help.
  static let echoFlag = "--echo-at"
}
