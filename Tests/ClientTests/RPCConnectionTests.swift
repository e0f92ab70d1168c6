import Foundation
import Glibc
import JSON
import RPC
import System
import Testing

@testable import Client

@Suite(.serialized) struct RPCConnectionTests {
  static func id(_ request: Request) -> String {
    String(decoding: request.id?.literal ?? [], as: UTF8.self)
  }

  @Test("A call's result comes back, however many calls a connection has made")
  func result() throws {
    let daemon = try FakeDaemon { request in
      [#"{"jsonrpc":"2.0","id":\#(Self.id(request)),"result":{"method":"\#(request.method)"}}"#]
    }
    let connection = try RPCConnection(connectingTo: daemon.path)
    for method in ["ping", "status", "next-word"] {
      #expect(try connection.call(method, ["text": "dog"]) == ["method": .string(method)])
    }
    #expect(daemon.received.map(\.method) == ["ping", "status", "next-word"])
    #expect(daemon.received.allSatisfy { $0.params == ["text": "dog"] })
  }

  @Test("The daemon's error comes back with its code, kind and hint")
  func refusal() throws {
    let daemon = try FakeDaemon { request in
      [
        #"{"jsonrpc":"2.0","id":\#(Self.id(request)),"error":{"code":-32601,"message":"no such method","#
          + #""data":{"kind":"method-not-found","hint":"try ping"}}}"#
      ]
    }
    let connection = try RPCConnection(connectingTo: daemon.path)
    let error = #expect(throws: ClientError.self) { try connection.call("pnig") }
    guard case .refused(let refusal) = error else { return #expect(Bool(false), "\(String(describing: error))") }
    #expect(refusal.code == .methodNotFound)
    #expect(error?.message == "no such method")
    #expect(error?.hint == "try ping")
  }

  @Test("Progress is asked for and handed on before the result")
  func progress() throws {
    let daemon = try FakeDaemon { request in
      #expect(request.params["progress"] == true)
      return [#"{"jsonrpc":"2.0","method":"$/progress","params":{"id":"another","value":{"update":0}}}"#]
        + (1...3).map {
          #"{"jsonrpc":"2.0","method":"$/progress","params":{"id":\#(Self.id(request)),"value":{"update":\#($0)}}}"#
        }
        + [#"{"jsonrpc":"2.0","id":\#(Self.id(request)),"result":null}"#]
    }
    let connection = try RPCConnection(connectingTo: daemon.path)
    var updates: [Int?] = []
    #expect(try connection.call("train", onProgress: { updates.append($0["update"]?.int) }) == .null)
    #expect(updates == [1, 2, 3])
  }

  @Test("Answers to nobody are passed over")
  func strayReplies() throws {
    let daemon = try FakeDaemon { request in
      [
        #"{"jsonrpc":"2.0","id":99,"result":"another's"}"#, #"{"jsonrpc":"2.0","method":"$/other","params":{}}"#,
        #"{"jsonrpc":"2.0","id":\#(Self.id(request)),"result":"mine"}"#,
      ]
    }
    #expect(try RPCConnection(connectingTo: daemon.path).call("ping") == "mine")
  }

  @Test(
    "What is no answer is an error, never a result",
    arguments: ["nonsense", "[]", #"{"id":1}"#, #"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#, "\u{0}"])
  func badReplies(line: String) throws {
    let daemon = try FakeDaemon { _ in [line] }
    let connection = try RPCConnection(connectingTo: daemon.path)
    let error = #expect(throws: ClientError.self) { try connection.call("ping") }
    guard case .badReply = error else { return #expect(Bool(false), "\(String(describing: error))") }
  }

  @Test("A daemon that goes away is told from one that never was")
  func lost() throws {
    let daemon = try FakeDaemon { _ in nil }
    let connection = try RPCConnection(connectingTo: daemon.path)
    #expect(throws: ClientError.connectionLost) { try connection.call("ping") }
    let nowhere = daemon.path + ".none"
    let error = #expect(throws: ClientError.notRunning(path: nowhere)) { try RPCConnection(connectingTo: nowhere) }
    #expect(error?.hint == "start it with: rnnd start")
  }

  @Test("A first signal cancels the call in the daemon, whose answer still ends it")
  func cancelling() throws {
    let daemon = try FakeDaemon { request in
      if request.method == "train" {
        kill(getpid(), SIGHUP)
        return []
      }
      #expect(request.method == "$/cancelRequest")
      return [
        #"{"jsonrpc":"2.0","id":\#(request.params["id"]?.description ?? ""),"error":{"code":-32800,"#
          + #""message":"cancelled","data":{"kind":"cancelled"}}}"#
      ]
    }
    let watcher = try SignalWatcher([.hangUp])
    let connection = try RPCConnection(connectingTo: daemon.path)
    var interruptions = 0
    let error = #expect(throws: ClientError.self) {
      try connection.call("train", interruptedBy: watcher, onInterruption: { interruptions += 1 })
    }
    guard case .refused(let refusal) = error else { return #expect(Bool(false), "\(String(describing: error))") }
    #expect(refusal.code == .cancelled)
    #expect(interruptions == 1)
  }

  @Test("A second signal ends the waiting, also for a daemon that does not answer")
  func leaving() throws {
    let daemon = try FakeDaemon { _ in
      kill(getpid(), SIGHUP)
      return []
    }
    let watcher = try SignalWatcher([.hangUp])
    let connection = try RPCConnection(connectingTo: daemon.path)
    #expect(throws: ClientError.interrupted) { try connection.call("train", interruptedBy: watcher) }
  }

  @Test("A notification is sent and not waited for, and the process that listens is known")
  func notification() throws {
    let daemon = try FakeDaemon { request in
      request.id.map { _ in [#"{"jsonrpc":"2.0","id":\#(Self.id(request)),"result":null}"#] } ?? []
    }
    let connection = try RPCConnection(connectingTo: daemon.path)
    try connection.notify("train-step", ["text": "dog"])
    #expect(try connection.call("ping") == .null)
    #expect(daemon.received.map(\.method) == ["train-step", "ping"])
    #expect(daemon.received.first?.id == nil)
    #expect(try connection.daemonProcessID() == getpid())
  }
}
