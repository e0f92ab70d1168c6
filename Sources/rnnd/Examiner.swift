import JSON
import LanguageModel
import Storage
import System

/// Looks at models on the disk, without a daemon: `verify` at their checksums, `doctor` at what is wrong and what helps.
struct Examiner {
  let console: Console
  private let arguments: ParsedArguments
  private let dataDirectory: String

  init(_ arguments: ParsedArguments, console: Console) throws(Failure) {
    self.arguments = arguments
    self.console = console
    do throws(SystemError) {
      let given = arguments.text("data")
      dataDirectory = if let given { try FileSystem.absolute(given) } else { try UserDirectories.data() }
    } catch { throw Failure(error) }
  }

  /// Checks every checksum of the models named, or of all.
  func verify() throws(Failure) { try report(try examinations(isThorough: false), explains: false) }

  /// Says what is wrong with the models named, or with all, and what to do; repairs one into a copy if asked to.
  func doctor() throws(Failure) {
    guard let path = arguments.text("repair-into") else {
      return try report(try examinations(isThorough: true), explains: true)
    }
    let names = try self.names()
    guard let name = names.first, names.count == 1 else {
      throw Failure(
        .usage, "--repair-into takes one model at a time", hint: "name it: rnnd doctor MODEL --repair-into DIR")
    }
    try refuseRunningDaemon()
    let copy: ModelDirectory
    do throws(SystemError) { copy = ModelDirectory(path: try FileSystem.absolute(path)) } catch { throw Failure(error) }
    let saved: (report: SalvageReport, step: Int)
    do throws(LanguageModelError) {
      saved = try directory(of: name).salvage(into: copy, on: SystemDisk())
    } catch { throw Self.failure(of: error) }
    try console.print(lines(of: saved.report, of: name, step: saved.step, in: copy.path))
  }

  // MARK: Looking

  fileprivate struct Examination {
    let name: String
    let checkup: ModelCheckup
  }

  private func examinations(isThorough: Bool) throws(Failure) -> [Examination] {
    let names = try self.names()
    try refuseRunningDaemon()
    var examinations: [Examination] = []
    for name in names {
      do throws(LanguageModelError) {
        let checkup = try ModelCheckup(of: directory(of: name), on: SystemDisk(), isThorough: isThorough)
        examinations.append(Examination(name: name, checkup: checkup))
      } catch { throw Self.failure(of: error) }
    }
    return examinations
  }

  /// The models named, or all that there are.
  private func names() throws(Failure) -> [String] {
    let given = arguments["models"]?.array?.compactMap(\.string) ?? []
    for name in given where !ModelName.isValid(name) || !directory(of: name).holdsModel {
      throw Failure(
        .notFound, "there is no model '\(name)' in \(dataDirectory)", hint: "rnnd doctor looks at all of them")
    }
    guard given.isEmpty else { return given }
    let stored = (try? FileSystem.list(FileSystem.join(dataDirectory, "models"))) ?? []
    return stored.filter { ModelName.isValid($0) && directory(of: $0).holdsModel }.sorted()
  }

  private func directory(of name: String) -> ModelDirectory {
    ModelDirectory(path: FileSystem.join(FileSystem.join(dataDirectory, "models"), name))
  }

  /// What is being written looks damaged.
  private func refuseRunningDaemon() throws(Failure) {
    guard FileLock.isHeld(FileSystem.join(dataDirectory, "lock")) else { return }
    throw Failure(.tryAgain, "a daemon has the models of \(dataDirectory) open", hint: "stop it first: rnnd stop")
  }

  private static func failure(of error: LanguageModelError) -> Failure {
    switch error {
    case .storage(let error): Failure(error)
    default: Failure(.badData, "\(error)")
    }
  }
}

// MARK: - Telling

extension Examiner {
  private func report(_ examinations: [Examination], explains: Bool) throws(Failure) {
    if arguments.flag("json") {
      try console.print([JSONValue.array(examinations.map(\.json)).description])
    } else if examinations.isEmpty {
      try console.print(["there are no models in \(dataDirectory)"])
    } else {
      try console.print(examinations.flatMap { lines(of: $0, explains: explains) })
    }
    let damaged = examinations.count { !$0.checkup.isWhole }
    guard damaged > 0 else { return }
    throw Failure(
      .badData, "\(damaged) of \(examinations.count) models \(damaged == 1 ? "is" : "are") damaged",
      hint: explains ? nil : "rnnd doctor says what that means, and repairs into a copy")
  }

  private func lines(of examination: Examination, explains: Bool) -> [String] {
    let checkup = examination.checkup
    let state = checkup.isWhole ? console.output.style("whole", .good) : console.output.style("damaged", .bad)
    var lines = ["\(examination.name): \(state)" + details(of: checkup)]
    for finding in checkup.report?.findings ?? [] {
      lines.append("  \(finding.kind.rawValue): \(finding.file), byte \(finding.offset): \(finding.what)")
    }
    if let problem = checkup.problem, checkup.report?.isDamaged != true { lines.append("  \(problem)") }
    if explains, !checkup.isWhole { lines += advice(for: examination.name, checkup) }
    return lines
  }

  private func details(of checkup: ModelCheckup) -> String {
    guard let report = checkup.report else { return ", with no journal and no checksums yet" }
    let numbers = report.checkpoints.map(String.init).joined(separator: " and ")
    let step = checkup.step.map { ", at step \($0)" } ?? ""
    return ", checkpoints \(numbers.isEmpty ? "none" : numbers), \(report.recordCount) records behind\(step)"
  }

  private func advice(for name: String, _ checkup: ModelCheckup) -> [String] {
    guard checkup.report?.isDamaged == true else {
      return ["  Its files are as they were written, but make no model. Restore it from a copy of yours."]
    }
    return [
      "  The daemon refuses this model, and serves the others. What is whole of it, up to the damage, can be copied:",
      "    rnnd doctor \(name) --repair-into DIR",
      "  and looked at under another name: rnnd import-model \(name)-repaired DIR. The model itself stays as it is.",
    ]
  }

  private func lines(of report: SalvageReport, of name: String, step: Int, in path: String) -> [String] {
    let checkpoint = report.checkpointNumber.map { "checkpoint \($0)" } ?? "its beginning"
    var lines = [
      "\(name): copied \(checkpoint) and \(report.recordCount) records behind it, up to step \(step), to \(path)"
    ]
    if report.findings.contains(where: { $0.kind == .damage }) {
      lines.append("  What came after the damage is not in it:")
      for finding in report.findings where finding.kind == .damage {
        lines.append("    \(finding.file), byte \(finding.offset): \(finding.what)")
      }
    }
    return lines + ["  To use it: rnnd start; rnnd import-model \(name)-repaired \(path)"]
  }
}

extension Examiner.Examination {
  fileprivate var json: JSONValue {
    var object: JSONObject = ["name": .string(name), "whole": .bool(checkup.isWhole)]
    if let report = checkup.report {
      object["checkpoints"] = .array(report.checkpoints.map { JSONValue($0) })
      object["records"] = JSONValue(report.recordCount)
      object["findings"] = .array(
        report.findings.map { finding in
          [
            "kind": .string(finding.kind.rawValue), "file": .string(finding.file), "offset": JSONValue(finding.offset),
            "what": .string(finding.what),
          ]
        })
    }
    object["step"] = checkup.step.map { JSONValue($0) }
    object["problem"] = checkup.problem.map { .string("\($0)") }
    return .object(object)
  }
}
