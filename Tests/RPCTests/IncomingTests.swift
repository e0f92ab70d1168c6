import JSON
import Testing

@testable import RPC

@Suite("Requests read from a line")
struct IncomingTests {
  @Test("A request carries its id, method and params")
  func request() {
    let request = Request(id: RequestID(1), method: "next-word", params: ["text": "a", "limit": 3])
    #expect(
      decode(#"{"jsonrpc":"2.0","id":1,"method":"next-word","params":{"text":"a","limit":3}}"#)
        == .single(.request(request)))
  }

  @Test("Params may be left out, members may come in any order, unknown members are passed over")
  func leniency() {
    let request = Request(id: RequestID(1), method: "ping")
    #expect(decode(#" { "trace":[1], "method":"ping","id":1 , "jsonrpc":"2.0"} "#) == .single(.request(request)))
  }

  @Test("A request without an id is a notification, one whose id is null is not")
  func notification() {
    #expect(decode(#"{"jsonrpc":"2.0","method":"ping"}"#) == .single(.request(Request(id: nil, method: "ping"))))
    #expect(
      decode(#"{"jsonrpc":"2.0","method":"ping","id":null}"#) == .single(.request(Request(id: .null, method: "ping"))))
  }

  /// A line that is one invalid request, the id that is answered (nil: nobody is), the code, and a word of the message.
  struct Invalid: CustomTestStringConvertible, Sendable {
    let line: String
    let id: String?
    let code: ErrorCode
    let word: String

    init(_ line: String, id: String? = "null", _ code: ErrorCode = .invalidRequest, word: String) {
      self.line = line
      self.id = id
      self.code = code
      self.word = word
    }

    var testDescription: String { line.count > 80 ? "\(line.prefix(80))…" : line }
  }

  static let invalidLines = [
    Invalid("{", .parseError, word: "end of the text"),
    Invalid(#"{"jsonrpc":"2.0","id":1,"method":"ping",}"#, .parseError, word: "'}'"),
    Invalid(#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, .parseError, word: "same name"),
    Invalid(#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, .parseError, word: "a letter"),
    Invalid(#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#, .parseError, word: "surrogate"),
    Invalid(String(repeating: "[", count: 100_000), .limitExceeded, word: "64"),
    Invalid("1", word: "a number"),
    Invalid("null", word: "null"),
    Invalid(#""ping""#, word: "a string"),
    Invalid("[]", word: "empty batch"),
    Invalid("{}", word: "jsonrpc"),
    Invalid(#"{"id":7}"#, id: "7", word: "jsonrpc"),
    Invalid(#"{"id":7,"method":"ping"}"#, id: "7", word: "jsonrpc"),
    Invalid(#"{"jsonrpc":2.0,"id":7,"method":"ping"}"#, id: "7", word: "a number as jsonrpc"),
    Invalid(#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#, id: "7", word: "another version"),
    Invalid(#"{"jsonrpc":"2.0 ","id":7,"method":"ping"}"#, id: "7", word: "another version"),
    Invalid(#"{"jsonrpc":"2.0","id":7}"#, id: "7", word: "method"),
    Invalid(#"{"jsonrpc":"2.0","id":7,"method":1}"#, id: "7", word: "a number as method"),
    Invalid(#"{"jsonrpc":"2.0","id":7,"method":null}"#, id: "7", word: "null as method"),
    Invalid(#"{"jsonrpc":"2.0","method":1,"params":"bar"}"#, word: "method"),
    Invalid(#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, word: "a boolean as id"),
    Invalid(#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, word: "an array as id"),
    Invalid(#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, word: "an object as id"),
    Invalid(#"{"jsonrpc":"2.0","id":"a","method":"ping","params":null}"#, id: #""a""#, word: "null as params"),
    Invalid(#"{"jsonrpc":"2.0","id":"a","method":"ping","params":"x"}"#, id: #""a""#, word: "a string as params"),
    Invalid(#"{"jsonrpc":"2.0","id":"a","method":"ping","params":[1]}"#, id: #""a""#, .invalidParams, word: "an array"),
    Invalid(#"{"jsonrpc":"2.0","id":1e0,"method":"ping","params":[]}"#, id: "1e0", .invalidParams, word: "an array"),
    Invalid(#"{"jsonrpc":"2.0","method":"ping","params":[1]}"#, id: nil, .invalidParams, word: "an array"),
    Invalid(#"{"jsonrpc":"2.0","method":"ping","params":1}"#, word: "a number as params"),
    Invalid(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, id: "1", word: "method"),
  ]

  @Test("An invalid request says what is wrong and to whom it is answered", arguments: invalidLines)
  func rejection(expected: Invalid) {
    guard case .single(.invalid(let error, let id)) = decode(expected.line) else {
      Issue.record("the line was accepted")
      return
    }
    #expect(error.code == expected.code)
    #expect(error.message.contains(expected.word), "\(error.message)")
    #expect(id.map { String(decoding: $0.literal, as: UTF8.self) } == expected.id)
  }

  @Test("A line of few values is read the same where only such lines are", arguments: invalidLines.map(\.line))
  func simpleLine(invalid: String) {
    let request = #"{"jsonrpc":"2.0","id":1.0,"method":"next-word","params":{"text":"a\nb","limit":3}}"#
    for line in [invalid, request, "[\(request),\(request)]"] { #expect(decodeIfSimple(line) == decode(line)) }
  }

  @Test("A line of many values or escapes is left to who has the time", arguments: [8_187, 8_188])
  func manyParts(count: Int) {
    func line(_ params: String) -> String { #"{"jsonrpc":"2.0","id":1,"method":"detokenize","params":\#(params)}"# }
    let ids = Array(repeating: "1", count: count - 1).joined(separator: ",")
    let escapes = String(repeating: #"\t"#, count: count - 1)
    // The request's four members are values, too, and so is the array, or the text.
    for line in [line(#"{"ids":[\#(ids)]}"#), line(#"{"text":"\#(escapes)"}"#)] {
      #expect(decodeIfSimple(line) == (count + 4 > 8 << 10 ? nil : decode(line)))
      #expect(decodeIfSimple("[\(line),\(line)]") == nil)
    }
  }

  private func decodeIfSimple(_ line: String) -> Incoming? { Incoming.decodeIfSimple(line.utf8.span) }

  @Test("Each element of a batch is valid or invalid by itself")
  func batch() {
    let line = """
      [{"jsonrpc":"2.0","id":1,"method":"a"},1,{"jsonrpc":"2.0","method":"b"},{"id":"x"},[],\
      {"jsonrpc":"2.0","id":"\\u00e9","method":"c","params":[]}]
      """
    guard case .batch(let elements) = decode(line) else {
      Issue.record("no batch")
      return
    }
    #expect(elements.count == 6)
    #expect(elements[0] == .request(Request(id: RequestID(1), method: "a")))
    #expect(elements[2] == .request(Request(id: nil, method: "b")))
    #expect(elements.map(code) == [nil, .invalidRequest, nil, .invalidRequest, .invalidRequest, .invalidParams])
    #expect(elements.map(literal) == ["1", "null", nil, #""x""#, "null", #""\u00e9""#])
  }

  @Test("A batch beyond the limit is one error that names the limit, however long it is", arguments: [129, 50_000])
  func longBatch(count: Int) {
    let line = "[" + [String](repeating: "1", count: count).joined(separator: ",") + "]"
    guard case .single(.invalid(let error, let id)) = decode(line) else {
      Issue.record("the batch was accepted")
      return
    }
    #expect(error.code == .limitExceeded)
    #expect(error.data["limit"] == "batch")
    #expect(error.data["maximum"] == 128)
    #expect(error.message.contains("\(count)"))
    #expect(id == .null)
  }

  @Test("A batch of the limit's length is taken")
  func longestBatch() {
    let request = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
    guard
      case .batch(let elements) = decode("[" + [String](repeating: request, count: 128).joined(separator: ",") + "]")
    else {
      Issue.record("no batch")
      return
    }
    #expect(elements.count == 128)
  }

  @Test("A batch with an error in its JSON is one parse error")
  func brokenBatch() {
    guard case .single(.invalid(let error, .null)) = decode(#"[{"jsonrpc":"2.0","id":1,"method":"a"},"#) else {
      Issue.record("no single error")
      return
    }
    #expect(error.code == .parseError)
    #expect(error.data["offset"] == 39)
  }

  @Test("A client's text never comes back in an error")
  func privacy() {
    let lines = [
      #"{"jsonrpc":"2.0","id":1,"method":"ping","params":"secret"}"#, #"{"jsonrpc":"secret","id":1,"method":"ping"}"#,
      #"{"secret"}"#, #"secret"#, #"{"secret":1,"secret":2}"#, #"["secret"]"#, #"{"id":["secret"]}"#, #""\secret""#,
    ]
    for line in lines {
      let elements: [Incoming.Element] =
        switch decode(line) {
        case .single(let element): [element]
        case .batch(let elements): elements
        }
      for element in elements {
        guard case .invalid(let error, _) = element else {
          Issue.record("\(line) was accepted")
          continue
        }
        #expect(!JSONValue.object(error.json).description.contains("secret"))
      }
    }
  }

  private func decode(_ line: String) -> Incoming { Incoming.decode(Array(line.utf8)) }

  private func code(_ element: Incoming.Element) -> ErrorCode? {
    if case .invalid(let error, _) = element { error.code } else { nil }
  }

  private func literal(_ element: Incoming.Element) -> String? {
    let id: RequestID? =
      switch element {
      case .request(let request): request.id
      case .invalid(_, let id): id
      }
    return id.map { String(decoding: $0.literal, as: UTF8.self) }
  }
}
