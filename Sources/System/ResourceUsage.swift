import CSystem

/// What the process uses of the machine.
package enum ResourceUsage {
  /// Processor time of all threads since the start.
  package static var processNanoseconds: UInt64 { UInt64(max(0, rnnd_process_cpu_nanoseconds())) }

  /// Processor time of the calling thread since its start.
  package static var threadNanoseconds: UInt64 { UInt64(max(0, rnnd_thread_cpu_nanoseconds())) }

  /// Processor time of all threads of a process; nil when there is none of this number, or outside Linux.
  package static func processorNanoseconds(of processID: Int32) -> UInt64? {
    UInt64(exactly: rnnd_cpu_nanoseconds_of(processID))
  }

  /// The most memory that was ever held at once.
  package static var peakResidentByteCount: Int { Int(rnnd_peak_resident_bytes()) }

  /// Memory held now; the most ever held where the system does not tell (outside Linux).
  package static var residentByteCount: Int {
    guard let descriptor = try? FileSystem.openForReading("/proc/self/statm") else { return peakResidentByteCount }
    var bytes: [UInt8] = []
    guard case .bytes = try? descriptor.read(atMost: 256, appendingTo: &bytes) else { return peakResidentByteCount }
    // size, resident, shared, … in pages
    let fields = bytes.split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else {
      return peakResidentByteCount
    }
    return pages * Int(getpagesize())
  }

  /// How much memory there is for this process: the machine's, or what its control group may have where that is less.
  package static var usableByteCount: Int {
    let machine = Int(rnnd_physical_bytes())
    // It says "max" where there is no limit; outside Linux there is no such file.
    guard let bytes = try? FileSystem.readFile("/sys/fs/cgroup/memory.max", byteLimit: 64),
      let group = Int(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)), group > 0
    else { return machine }
    return min(machine, group)
  }

  /// Gives memory that was freed back to the system, which the C library else keeps for later. Takes milliseconds after
  /// much was freed, and other threads that allocate may wait meanwhile.
  package static func giveBackFreedMemory() { rnnd_trim_heap() }

  /// Has all threads that begin later take memory from one heap, so that all of what is freed can be given back. They
  /// allocate little while they compute, so that none waits long for another.
  package static func shareHeap() { rnnd_use_one_heap() }

  /// How many descriptors are open; nil where the system does not tell.
  package static var openDescriptorCount: Int? {
    // The list is read through one more descriptor and its duplicate.
    (try? FileSystem.list("/proc/self/fd")).map { max(0, $0.count - 2) }
  }
}
