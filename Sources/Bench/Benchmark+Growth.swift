import Kernels

extension Benchmark {
  /// Whether the series of growing networks are measured: not in a hurry, unless they are asked for by name.
  var wantsGrowth: Bool {
    settings.selection.wants(.growth) && (!settings.isQuick || settings.selection.names(Part.growth.rawValue))
  }

  /// What a training step takes for ever larger networks, vocabularies or batches; everything else is as in the small
  /// configuration.
  func growingTraining(_ dimension: Dimension) throws(BenchmarkError) -> [Figure] {
    let entries = dimension.sizes.map { number in
      var size = Learner.Size()
      size[keyPath: dimension.keyPath] = number
      return TrainingEntry(
        name: "growth.training.\(dimension.name).\(number)", subject: "\(Wording.rounded(Double(number)))",
        variant: "", size: size, precision: .single)
    }
    return try trainingSpeeds(entries.filter { wants($0.name) })
  }
}

/// What grows from one training to the next.
struct Dimension {
  /// The figures' word for it.
  let name: String
  let title: String
  let keyPath: WritableKeyPath<Learner.Size, Int>
  let sizes: [Int]

  static var all: [Dimension] {
    [
      Dimension(name: "hidden", title: "hidden size", keyPath: \.hiddenSize, sizes: [50, 100, 200, 400, 650]),
      Dimension(
        name: "vocabulary", title: "vocabulary", keyPath: \.vocabularySize,
        sizes: [1_000, 3_000, 10_000, 30_000, 100_000]),
      Dimension(name: "batch", title: "batch size", keyPath: \.batchSize, sizes: [1, 5, 10, 20, 40, 80]),
    ]
  }
}
