/// Scripts with which a shell completes verbs, options, their values and the names of models; made from the verbs.
struct Completions {
  enum Shell: String, CaseIterable {
    case bash, zsh, fish
  }

  var verbs: [Verb]

  func script(for shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  private var bash: String {
    let cases = verbs.map { verb in
      "    \(verb.name)) options=\"\(verb.options.map { "--" + $0.name }.joined(separator: " "))\" ;;"
    }
    return """
      # Completion of rnnd for bash:  eval "$(rnnd completions bash)"
      _rnnd() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options=""
        if [ "$COMP_CWORD" -eq 1 ]; then
          COMPREPLY=($(compgen -W "\(verbs.map(\.name).joined(separator: " "))" -- "$current"))
          return
        fi
        case $previous in
          --model|-m|*-model)
            COMPREPLY=($(compgen -W "$(rnnd list-models 2>/dev/null | cut -f 1)" -- "$current"))
            return ;;
      \(choices.map { "    --\($0.name)) COMPREPLY=($(compgen -W \"\($0.values)\" -- \"$current\")); return ;;" }
        .joined(separator: "\n"))
        esac
        case ${COMP_WORDS[1]} in
      \(cases.joined(separator: "\n"))
        esac
        case $current in -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;; esac
      }
      complete -o default -F _rnnd rnnd

      """
  }

  private var zsh: String {
    let names = verbs.map { "    '\($0.name):\(Self.zshText($0.summary))'" }.joined(separator: "\n")
    let cases = verbs.map { verb in
      let options = verb.options.map { option in
        let value = option.placeholder == nil ? "" : ":\(option.name):\(Self.zshValues(option))"
        return "      '--\(option.name)[\(Self.zshText(option.documentation))]\(value)'"
      }
      return "    \(verb.name)) _arguments \\\n"
        + (options + ["      '*:file:_files'"]).joined(separator: " \\\n") + " ;;"
    }
    return """
      #compdef rnnd
      # Completion of rnnd for zsh:  eval "$(rnnd completions zsh)"
      _rnnd_models() { local -a models; models=(${(f)"$(rnnd list-models 2>/dev/null | cut -f 1)"}); compadd -a models }
      _rnnd() {
        local -a verbs
        verbs=(
      \(names)
        )
        if (( CURRENT == 2 )); then _describe 'verb' verbs; return; fi
        local verb=$words[2]
        shift words
        (( CURRENT-- ))
        case $verb in
      \(cases.joined(separator: "\n"))
        esac
      }
      compdef _rnnd rnnd

      """
  }

  private var fish: String {
    var lines = [
      "# Completion of rnnd for fish:  rnnd completions fish | source", "complete -c rnnd -n __fish_use_subcommand -f",
    ]
    for verb in verbs {
      lines.append("complete -c rnnd -n __fish_use_subcommand -a \(verb.name) -d '\(Self.fishText(verb.summary))'")
      for option in verb.options {
        let values =
          if !option.choices.isEmpty {
            " -x -a '\(option.choices.joined(separator: " "))'"
          } else if option.name == "model" {
            " -x -a '(rnnd list-models 2>/dev/null | cut -f 1)'"
          } else { option.placeholder == nil ? "" : " -r" }
        lines.append(
          "complete -c rnnd -n '__fish_seen_subcommand_from \(verb.name)' -l \(option.name)\(values) "
            + "-d '\(Self.fishText(option.documentation))'")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The options that take one of a few values, each once.
  private var choices: [(name: String, values: String)] {
    var seen: Set<String> = []
    return verbs.flatMap(\.options).filter { !$0.choices.isEmpty && seen.insert($0.name).inserted }
      .map { (name: $0.name, values: $0.choices.joined(separator: " ")) }
  }

  private static func zshValues(_ option: Option) -> String {
    if !option.choices.isEmpty { return "(\(option.choices.joined(separator: " ")))" }
    if option.name == "model" { return "_rnnd_models" }
    return option.kind == .path || option.kind == .list(of: .path) ? "_files" : " "
  }

  /// Without what zsh reads as its own within a quoted specification.
  private static func zshText(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "'": result += "'\\''"
      case "[", "]", ":", "\\": result += "\\" + String(character)
      default: result.append(character)
      }
    }
    return result
  }

  private static func fishText(_ text: String) -> String {
    var result = ""
    for character in text {
      if character == "'" || character == "\\" { result += "\\" }
      result.append(character)
    }
    return result
  }
}
