import Foundation
import JSON
import Testing

extension ProcessTests {
  @Suite("verify and doctor") struct ExaminerTests {
    private func flipByte(of path: String, at offset: Int) throws {
      var data = try Data(contentsOf: URL(fileURLWithPath: path))
      data[data.startIndex + offset] ^= 1
      try data.write(to: URL(fileURLWithPath: path))
    }

    @Test("find all models whole, and look at none while a daemon has them open")
    func whole() throws {
      let sandbox = try Sandbox()
      try sandbox.start("--durable", "os")
      #expect(try sandbox.rnnd("train-step", "the man bites the dog", "--json").json()["durable"] == "os")
      #expect(try sandbox.rnnd("status", "--json").json()["persistence"]?["durable"] == "os")
      #expect(try sandbox.rnnd("verify").status == 75)
      #expect(try sandbox.rnnd("stop").status == 0)
      let outcome = try sandbox.rnnd("verify")
      #expect(outcome.status == 0 && outcome.output.hasPrefix("default: whole"))
      let json = try sandbox.rnnd("doctor", "--json").json()
      #expect(json.array?.first?["whole"] == true && json.array?.first?["step"] == 1)
      #expect(try sandbox.rnnd("verify", "nosuch").status == 66)
      #expect(try sandbox.rnnd("doctor", "../default").status == 66)
    }

    @Test("name the damaged file, and save every lesson from the checkpoint before into a copy")
    func damage() throws {
      let sandbox = try Sandbox()
      try sandbox.start()
      for _ in 0..<3 { _ = try sandbox.rnnd("train-step", "the man bites the dog") }
      let score = try sandbox.rnnd("score", "the man bites the dog", "--json").json()
      #expect(try sandbox.rnnd("stop").status == 0)
      let directory = sandbox.home + "/data/rnnd/models/default"
      let newest = try #require(
        FileManager.default.contentsOfDirectory(atPath: directory + "/checkpoints").compactMap { Int($0) }.max())
      try flipByte(of: directory + "/checkpoints/\(newest)/model.safetensors", at: 5_000)
      let verified = try sandbox.rnnd("verify")
      #expect(verified.status == 65)
      #expect(verified.output.contains("damage: checkpoints/\(newest)/model.safetensors"))
      let doctor = try sandbox.rnnd("doctor")
      #expect(doctor.status == 65 && doctor.output.contains("rnnd doctor default --repair-into"))
      let copy = sandbox.home + "/saved"
      let repaired = try sandbox.rnnd("doctor", "default", "--repair-into", copy)
      #expect(repaired.status == 0 && repaired.output.contains("3 records behind it, up to step 3"), "\(repaired)")
      #expect(try sandbox.rnnd("doctor", "default", "--repair-into", copy).status != 0)
      try sandbox.start()
      #expect(try sandbox.rnnd("next-word", "the man").status == 65)
      #expect(try sandbox.rnnd("import-model", "saved", copy).status == 0)
      #expect(try sandbox.rnnd("score", "the man bites the dog", "-m", "saved", "--json").json() == score)
    }
  }
}
