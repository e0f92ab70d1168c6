import LanguageModel

/// Where a model in memory comes from.
enum ModelSource: Sendable {
  /// Its own directory.
  case directory
  /// Settings; a vocabulary is built from the texts.
  case new(CreateSettings, TextSource)
  /// A directory elsewhere, whose files are copied.
  case imported(path: String)
  /// A model in memory, as it was.
  case copied(ModelImage)

  /// Whether it gets its own directory only now.
  var isNew: Bool { if case .directory = self { false } else { true } }
}

/// Text that a client gave, or files that it named.
enum TextSource: Sendable {
  case text(String)
  case files([String])

  static var nothing: TextSource { .files([]) }
}
