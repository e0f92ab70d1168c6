import rnnd

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The door to the command line, and nothing more: a release links it with everything that it needs, where tests bring
/// libraries of their own.
@main struct Main {
  static func main() { exit(CommandLineTool.exitStatus(of: Array(CommandLine.arguments.dropFirst()))) }
}
