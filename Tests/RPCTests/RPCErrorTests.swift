import JSON
import Testing

@testable import RPC

@Suite("Errors on the wire")
struct RPCErrorTests {
  static let codes: [(ErrorCode, Int, String)] = [
    (.parseError, -32700, "parse-error"), (.invalidRequest, -32600, "invalid-request"),
    (.methodNotFound, -32601, "method-not-found"), (.invalidParams, -32602, "invalid-params"),
    (.internalError, -32603, "internal"), (.cancelled, -32800, "cancelled"),
    (.modelNotFound, -32010, "model-not-found"), (.modelExists, -32011, "model-exists"),
    (.tokenOutOfRange, -32012, "token-out-of-range"), (.diverged, -32013, "diverged"), (.storage, -32014, "storage"),
    (.corruptFile, -32015, "corrupt-file"), (.limitExceeded, -32016, "limit-exceeded"),
    (.stepMismatch, -32017, "step-mismatch"),
    (.notPermitted, -32018, "not-permitted"), (.busy, -32020, "busy"),
    (.shuttingDown, -32021, "shutting-down"),
  ]

  @Test("Codes and kinds are those of the protocol", arguments: codes)
  func code(code: ErrorCode, number: Int, kind: String) {
    #expect(code.rawValue == number)
    #expect(code.kind == kind)
    #expect(ErrorCode(rawValue: number) == code)
    #expect(ErrorCode.documented.count == Self.codes.count)
  }

  @Test("A code of another version is kept as it came")
  func otherCode() {
    #expect(ErrorCode(rawValue: -32099) == .other(-32099))
    #expect(ErrorCode(rawValue: -32099).rawValue == -32099)
  }

  static let made: [(RPCError, ErrorCode)] = [
    (.parseError(.byteOrderMark), .parseError), (.parseError(.nestingTooDeep(limit: 64, offset: 64)), .limitExceeded),
    (.invalidRequest("found an empty batch, expected one request or more"), .invalidRequest),
    (.methodNotFound("next-wrod", among: ["next-word"]), .methodNotFound),
    (.invalidParams(path: "text", "found no words"), .invalidParams),
    (.missingParameter("text", expected: "a string"), .invalidParams),
    (.unknownParameter("txt", among: ["text"]), .invalidParams),
    (.wrongType("ids[3]", found: "a", expected: "a whole number"), .invalidParams),
    (.internalError("a file was closed twice"), .internalError), (.cancelled(), .cancelled),
    (.modelNotFound("notes", among: []), .modelNotFound), (.modelExists("notes"), .modelExists),
    (.tokenOutOfRange("10", path: "ids[0]", vocabularySize: 10), .tokenOutOfRange), (.diverged("the loss"), .diverged),
    (.storage("could not write the model: no space left", errno: 28), .storage),
    (.corruptFile("found 3 bytes, expected 8"), .corruptFile), (.limitExceeded("batch", limit: 128), .limitExceeded),
    (.stepMismatch(found: 3, expected: 2), .stepMismatch),
    (.lineTooLong(limit: 8), .limitExceeded), (.notPermitted("only its owner may"), .notPermitted),
    (.busy("found 64 requests waiting"), .busy),
    (.shuttingDown(), .shuttingDown),
  ]

  @Test("Every factory gives its code, the kind beside it and a sentence", arguments: made)
  func factory(error: RPCError, code: ErrorCode) {
    #expect(error.code == code)
    #expect(error.data["kind"]?.string == code.kind)
    #expect(error.message.first?.isUppercase == false)
    #expect(!error.message.hasSuffix("."))
    #expect(error.json["code"] == JSONValue(code.rawValue))
  }

  @Test("Every code of the protocol has a factory")
  func everyCode() {
    #expect(Set(Self.made.map(\.1)) == Set(ErrorCode.documented))
  }

  @Test("Details stand where the protocol says")
  func details() {
    #expect(RPCError.storage("could not write", errno: 28).data["errno"] == 28)
    #expect(RPCError.stepMismatch(found: 3, expected: 2).data["step"] == 3)
    let damaged = RPCError.corruptFile("a checksum is wrong", file: "journal/1.log", offset: 40)
    #expect(damaged.data["file"] == "journal/1.log" && damaged.data["offset"] == 40)
    #expect(RPCError.wrongType("ids[3]", found: "a", expected: "a whole number").path == "ids[3]")
    #expect(
      RPCError.wrongType("ids[3]", found: "a", expected: "a whole number").message
        == "found a string as ids[3], expected a whole number")
    #expect(RPCError.limitExceeded("batch", limit: 128, found: 200).message.contains("200"))
    #expect(RPCError.methodNotFound("next-wrod", among: ["ping", "next-word"]).hint == #"did you mean "next-word"?"#)
    #expect(RPCError.unknownParameter("zzz", among: ["text", "limit"]).hint == "this call takes text, limit")
    #expect(RPCError.unknownParameter("zzz", among: []).hint == "this call takes no params")
  }

  @Test("A text sent in a name's place is not repeated")
  func privacy() {
    let text = "a secret that I told nobody"
    let errors: [RPCError] = [
      .methodNotFound(text, among: ["ping"]), .unknownParameter(text, among: ["text"]), .modelNotFound(text, among: []),
      .modelExists(text),
    ]
    for error in errors { #expect(!JSONValue.object(error.json).description.contains("secret")) }
  }
}

@Suite("The nearest name")
struct NearestNameTests {
  static let names = [
    "tokenize", "detokenize", "train-step", "train", "next-word", "score", "save-model", "load-model",
  ]

  @Test(
    "A mistyped name finds the one that was meant",
    arguments: [
      ("next-wrod", "next-word"), ("nextword", "next-word"), ("next_word", "next-word"), ("nextWord", "next-word"),
      ("NEXT-WORD", "next-word"), ("tokenise", "tokenize"), ("trainStep", "train-step"), ("trian", "train"),
      ("scor", "score"), ("save", "save-model"), ("tok", "tokenize"), ("load-modle", "load-model"),
    ])
  func near(word: String, expected: String) {
    #expect(nearest(word, among: Self.names) == expected)
  }

  @Test(
    "A word that is near nothing finds nothing",
    arguments: ["", "x", "zebra", "--", "tr", "the quick brown fox", String(repeating: "train", count: 20_000)])
  func far(word: String) {
    #expect(nearest(word, among: Self.names) == nil)
  }

  @Test("Of equally near names the first is taken; nothing is near in no names")
  func ties() {
    #expect(nearest("bat", among: ["cat", "hat"]) == "cat")
    #expect(nearest("bat", among: [String]()) == nil)
  }
}
