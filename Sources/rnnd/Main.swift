#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main struct Main {
  static func main() {
    let tool = CommandLineTool(console: .standard())
    exit(tool.run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}
