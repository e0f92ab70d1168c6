#ifndef RNND_CSYSTEM_H
#define RNND_CSYSTEM_H
// What Swift's own system modules cannot see, and what differs between Linux and macOS. Header only: every function is
// inlined into its Swift caller. A Swift file that imports this module sees the POSIX headers below under both systems.
//
// `_GNU_SOURCE` is not defined here on purpose: it changes types (`fd_set`) that Swift's Glibc module has already
// seen without it. The few GNU functions needed are declared by hand instead.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "CSystemChecksum.h"
#include "CSystemProcessor.h"

/// Who is at the other end of a socket. Laid out as Linux's `struct ucred`, which is hidden behind `_GNU_SOURCE`.
struct rnnd_credentials {
  pid_t process;
  uid_t user;
  gid_t group;
};

#ifdef __linux__

#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

extern int accept4(int, __SOCKADDR_ARG, socklen_t *, int);
extern int pipe2(int *, int);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
extern int pthread_setname_np(pthread_t, const char *);

/// Accepts a connection that is non-blocking and closed on exec from its first moment.
static inline int rnnd_accept(int listener) {
  return accept4(listener, (struct sockaddr *)0, (socklen_t *)0, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static inline int rnnd_unix_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }

static inline int rnnd_socket_pair(int *pair) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair); }

static inline int rnnd_pipe(int *pair) { return pipe2(pair, O_CLOEXEC); }

/// Sends without ever raising SIGPIPE.
static inline ssize_t rnnd_send(int descriptor, const void *bytes, size_t count) {
  return send(descriptor, bytes, count, MSG_NOSIGNAL);
}

static inline int rnnd_peer_credentials(int descriptor, struct rnnd_credentials *peer) {
  socklen_t length = sizeof *peer;
  return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, peer, &length);
}

/// The other groups of the user at the other end, as they were when it connected: how many, -1 on failure (`ERANGE`: more
/// than `capacity`).
static inline int rnnd_peer_groups(int descriptor, gid_t *groups, int capacity) {
  // `SO_PEERGROUPS`, by its number as some headers lack the name.
  socklen_t length = (socklen_t)((size_t)capacity * sizeof *groups);
  if (getsockopt(descriptor, SOL_SOCKET, 59, groups, &length) != 0) return -1;
  return (int)(length / sizeof *groups);
}

static inline int rnnd_epoll_control(int poller, int operation, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event;
  event.events = events;
  event.data.u64 = token;
  return epoll_ctl(poller, operation, descriptor, &event);
}

static inline void rnnd_thread_set_name(const char *name) { (void)pthread_setname_np(pthread_self(), name); }

/// The kernel's number of the calling thread, as `rnnd_thread_set_nice` takes it.
static inline int rnnd_thread_number(void) { return (int)syscall(SYS_gettid); }

static inline int rnnd_thread_set_nice(int thread, int nice) { return setpriority(PRIO_PROCESS, (id_t)thread, nice); }

/// The cores on which a thread (0 is the calling one) may run, a bit each; the number of bytes, or -1.
static inline int rnnd_thread_get_cores(int thread, uint64_t *mask, int word_count) {
  return (int)syscall(SYS_sched_getaffinity, thread, (size_t)word_count * sizeof(uint64_t), mask);
}

static inline int rnnd_thread_set_cores(int thread, const uint64_t *mask, int word_count) {
  return (int)syscall(SYS_sched_setaffinity, thread, (size_t)word_count * sizeof(uint64_t), mask);
}

static inline int rnnd_refuse_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// Of a spawned process: keeps the descriptors below `first`, closes all others, and starts in `directory`.
static inline int rnnd_spawn_isolate(posix_spawn_file_actions_t *actions, int first, const char *directory) {
  int error = posix_spawn_file_actions_addclosefrom_np(actions, first);
  return error != 0 ? error : posix_spawn_file_actions_addchdir_np(actions, directory);
}

/// `POSIX_SPAWN_SETSID`, by its number as GNU hides the name.
#define RNND_SPAWN_SESSION 0x80

static inline ssize_t rnnd_executable_path(char *buffer, size_t capacity) {
  return readlink("/proc/self/exe", buffer, capacity);
}

static inline int64_t rnnd_modified_nanoseconds(const struct stat *status) {
  return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

#else

#include <mach-o/dyld.h>
#include <sys/ucred.h>

static inline int rnnd_close_on_exec(int descriptor) {
  if (descriptor >= 0) (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return descriptor;
}

static inline void rnnd_refuse_sigpipe(int descriptor) {
  int yes = 1;
  (void)setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof yes);
}

static inline int rnnd_accept(int listener) {
  int descriptor = rnnd_close_on_exec(accept(listener, (struct sockaddr *)0, (socklen_t *)0));
  if (descriptor < 0) return descriptor;
  rnnd_refuse_sigpipe(descriptor);
  (void)fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  return descriptor;
}

static inline int rnnd_unix_socket(void) {
  int descriptor = rnnd_close_on_exec(socket(AF_UNIX, SOCK_STREAM, 0));
  if (descriptor >= 0) rnnd_refuse_sigpipe(descriptor);
  return descriptor;
}

static inline int rnnd_socket_pair(int *pair) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return -1;
  for (int end = 0; end < 2; end++) rnnd_refuse_sigpipe(rnnd_close_on_exec(pair[end]));
  return 0;
}

static inline int rnnd_pipe(int *pair) {
  if (pipe(pair) != 0) return -1;
  for (int end = 0; end < 2; end++) (void)rnnd_close_on_exec(pair[end]);
  return 0;
}

static inline ssize_t rnnd_send(int descriptor, const void *bytes, size_t count) {
  return send(descriptor, bytes, count, 0);
}

static inline int rnnd_peer_credentials(int descriptor, struct rnnd_credentials *peer) {
  socklen_t length = sizeof peer->process;
  if (getsockopt(descriptor, SOL_LOCAL, LOCAL_PEERPID, &peer->process, &length) != 0) return -1;
  return getpeereid(descriptor, &peer->user, &peer->group);
}

static inline int rnnd_peer_groups(int descriptor, gid_t *groups, int capacity) {
  struct xucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(descriptor, SOL_LOCAL, LOCAL_PEERCRED, &peer, &length) != 0) return -1;
  int count = 0;
  for (; count < peer.cr_ngroups && count < capacity; count++) groups[count] = peer.cr_groups[count];
  return count;
}

static inline void rnnd_thread_set_name(const char *name) { (void)pthread_setname_np(name); }

static inline int rnnd_thread_number(void) { return 0; }

/// A thread has no nice value of its own on this system; `PRIO_DARWIN_THREAD` knows only the calling thread.
static inline int rnnd_thread_set_nice(int thread, int nice) {
  (void)thread;
  (void)nice;
  return 0;
}

/// Where a thread runs is the system's own business here.
static inline int rnnd_thread_get_cores(int thread, uint64_t *mask, int word_count) {
  (void)thread;
  (void)mask;
  (void)word_count;
  errno = ENOTSUP;
  return -1;
}

static inline int rnnd_thread_set_cores(int thread, const uint64_t *mask, int word_count) {
  return rnnd_thread_get_cores(thread, (uint64_t *)mask, word_count);
}

static inline int rnnd_refuse_dumps(void) { return 0; }

static inline int rnnd_spawn_isolate(posix_spawn_file_actions_t *actions, int first, const char *directory) {
  (void)first;
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}

#define RNND_SPAWN_SESSION (POSIX_SPAWN_SETSID | POSIX_SPAWN_CLOEXEC_DEFAULT)

static inline ssize_t rnnd_executable_path(char *buffer, size_t capacity) {
  uint32_t size = (uint32_t)capacity;
  if (_NSGetExecutablePath(buffer, &size) != 0) return -1;
  return (ssize_t)strlen(buffer);
}

static inline int64_t rnnd_modified_nanoseconds(const struct stat *status) {
  return (int64_t)status->st_mtimespec.tv_sec * 1000000000 + status->st_mtimespec.tv_nsec;
}

#endif

// The same on both systems, but shown to Swift under types or forms that differ or not at all.

/// The last failed call's error number.
static inline int rnnd_errno(void) { return errno; }

// Under names of their own, so that Swift methods called `read`, `write` and `close` can stand beside them.
static inline ssize_t rnnd_read(int descriptor, void *bytes, size_t count) { return read(descriptor, bytes, count); }
static inline ssize_t rnnd_write(int descriptor, const void *bytes, size_t count) {
  return write(descriptor, bytes, count);
}
static inline int rnnd_close(int descriptor) { return close(descriptor); }
static inline int rnnd_link(const char *path, const char *target) { return link(path, target); }
static inline int rnnd_rename(const char *path, const char *target) { return rename(path, target); }
static inline int rnnd_status(const char *path, struct stat *found) { return stat(path, found); }
static inline int rnnd_link_status(const char *path, struct stat *found) { return lstat(path, found); }
static inline int rnnd_file_system_status(const char *path, struct statvfs *found) { return statvfs(path, found); }
static inline const char *rnnd_entry_name(const struct dirent *entry) { return entry->d_name; }

/// Waits until a file's content is on the disk itself, not only in its cache.
static inline int rnnd_synchronize(int descriptor) {
#ifdef __APPLE__
  if (fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
  return fsync(descriptor);
}

/// As `rnnd_synchronize`, for what reading the content back needs: not the times.
static inline int rnnd_synchronize_content(int descriptor) {
#ifdef __APPLE__
  return rnnd_synchronize(descriptor);
#else
  return fdatasync(descriptor);
#endif
}

static inline ssize_t rnnd_write_at(int descriptor, const void *bytes, size_t count, int64_t offset) {
  return pwrite(descriptor, bytes, count, (off_t)offset);
}

static inline int rnnd_duplicate(int descriptor, int lowest) { return fcntl(descriptor, F_DUPFD_CLOEXEC, lowest); }
static inline int rnnd_set_close_on_exec(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC); }
static inline int rnnd_send_signal(pid_t process, int number) { return kill(process, number); }

/// Waits for one descriptor alone: what of `events` holds, 0 when the time is over, -1 on failure.
static inline int rnnd_poll_one(int descriptor, short events, int milliseconds) {
  struct pollfd one = {descriptor, events, 0};
  int count = poll(&one, 1, milliseconds);
  return count > 0 ? one.revents : count;
}

static inline void rnnd_set_errno(int number) { errno = number; }

/// Opens a file closed on exec, which Swift cannot call as `open` is variadic.
static inline int rnnd_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

static inline int rnnd_open_at(int directory, const char *name, int flags) {
  return openat(directory, name, flags | O_CLOEXEC);
}

static inline int rnnd_set_non_blocking(int descriptor, int on) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return -1;
  return fcntl(descriptor, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

/// Fills an address in. The caller has checked that `count` bytes and a zero fit.
static inline int rnnd_address_fill(struct sockaddr_un *address, const char *path, size_t count) {
  if (count >= sizeof address->sun_path) return -1;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, count);
  return 0;
}

static inline size_t rnnd_address_path_limit(void) { return sizeof((struct sockaddr_un *)0)->sun_path - 1; }

static inline int rnnd_bind(int descriptor, const struct sockaddr_un *address) {
  return bind(descriptor, (const struct sockaddr *)address, (socklen_t)sizeof *address);
}

static inline int rnnd_connect(int descriptor, const struct sockaddr_un *address) {
  return connect(descriptor, (const struct sockaddr *)address, (socklen_t)sizeof *address);
}

static inline int rnnd_shutdown_write(int descriptor) { return shutdown(descriptor, SHUT_WR); }

/// Starts a joinable thread. Returns an error number, 0 on success.
static inline int rnnd_thread_start(uintptr_t *thread, size_t stack, void *(*body)(void *), void *context) {
  pthread_attr_t attributes;
  pthread_t started;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  error = pthread_attr_setstacksize(&attributes, stack);
  if (error == 0) error = pthread_create(&started, &attributes, body, context);
  (void)pthread_attr_destroy(&attributes);
  if (error == 0) *thread = (uintptr_t)started;
  return error;
}

static inline void rnnd_thread_join(uintptr_t thread) { (void)pthread_join((pthread_t)thread, (void **)0); }

static inline void rnnd_thread_detach(uintptr_t thread) { (void)pthread_detach((pthread_t)thread); }

static inline uintptr_t rnnd_thread_self(void) { return (uintptr_t)pthread_self(); }

static inline int rnnd_refuse_core_files(void) {
  struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_CORE, &none);
}

/// Raises the number of descriptors that may be open towards `wanted`, as far as is allowed.
/// Returns what is reached, -1 on failure.
static inline int64_t rnnd_raise_descriptor_limit(int64_t wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  rlim_t target = (rlim_t)wanted;
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < target) target = limit.rlim_max;
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < target) {
    limit.rlim_cur = target;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  }
  return limit.rlim_cur == RLIM_INFINITY ? INT64_MAX : (int64_t)limit.rlim_cur;
}

static inline int64_t rnnd_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  return limit.rlim_cur == RLIM_INFINITY ? INT64_MAX : (int64_t)limit.rlim_cur;
}

/// The width of the terminal behind a descriptor, 0 when unknown.
static inline int rnnd_terminal_columns(int descriptor) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

static inline int64_t rnnd_clock_nanoseconds(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return 0;
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t rnnd_monotonic_nanoseconds(void) { return rnnd_clock_nanoseconds(CLOCK_MONOTONIC); }
static inline int64_t rnnd_process_cpu_nanoseconds(void) { return rnnd_clock_nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }
static inline int64_t rnnd_thread_cpu_nanoseconds(void) { return rnnd_clock_nanoseconds(CLOCK_THREAD_CPUTIME_ID); }
/// Processor time of another process, in nanoseconds; -1 where the system does not tell.
static inline int64_t rnnd_cpu_nanoseconds_of(pid_t process) {
#ifdef __linux__
  clockid_t clock;
  return clock_getcpuclockid(process, &clock) == 0 ? rnnd_clock_nanoseconds(clock) : -1;
#else
  (void)process;
  return -1;
#endif
}
static inline int64_t rnnd_wall_nanoseconds(void) { return rnnd_clock_nanoseconds(CLOCK_REALTIME); }

static inline int rnnd_exit_code(int status) { return WEXITSTATUS(status); }
static inline int rnnd_ending_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

/// The machine's memory, in bytes.
static inline int64_t rnnd_physical_bytes(void) {
  return (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
}

/// The most memory that the process ever held at once, in bytes.
static inline int64_t rnnd_peak_resident_bytes(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __linux__
  return (int64_t)usage.ru_maxrss * 1024;
#else
  return (int64_t)usage.ru_maxrss;
#endif
}

/// Gives memory that is free within the heap back to the system, where the C library can.
static inline void rnnd_trim_heap(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

/// Has all threads share one heap from now on, where the C library would give each its own: only the first heap's free end
/// goes back to the system. What is large gets pages of its own, and goes back when it is freed: left to itself, the C
/// library would take ever larger pieces from the heap once such a piece has been freed. Up to 8 MiB of the free end stay,
/// so that one long line after the other finds its pages; `rnnd_trim_heap` gives back what stays.
static inline void rnnd_use_one_heap(void) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

static inline int rnnd_default_signal(int number) { return signal(number, SIG_DFL) == SIG_ERR ? -1 : 0; }
static inline void rnnd_set_handler(struct sigaction *action, void (*handler)(int)) {
  action->sa_handler = handler;
  sigemptyset(&action->sa_mask);
}

extern char **environ;

/// Starts a process in a session of its own, in `/`, with default signals and this process's variables.
///
/// `input`, `output` and `report` become its descriptors 0, 1 and 2, and 3; no other is open there. They must be above 3.
/// Returns an error number, 0 on success.
static inline int rnnd_spawn(
    pid_t *process, const char *path, char *const *arguments, int input, int output, int report) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  error = posix_spawnattr_init(&attributes);
  if (error != 0) {
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
  }
  sigset_t none, usual;
  sigemptyset(&none);
  sigemptyset(&usual);
  int numbers[] = {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2};
  for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) sigaddset(&usual, numbers[index]);
  short flags = RNND_SPAWN_SESSION | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (error == 0) error = posix_spawnattr_setflags(&attributes, flags);
  if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
  if (error == 0) error = posix_spawnattr_setsigdefault(&attributes, &usual);
  if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, input, 0);
  if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, output, 1);
  if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, output, 2);
  if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, report, 3);
  if (error == 0) error = rnnd_spawn_isolate(&actions, 4, "/");
  if (error == 0) error = posix_spawn(process, path, &actions, &attributes, arguments, environ);
  (void)posix_spawnattr_destroy(&attributes);
  (void)posix_spawn_file_actions_destroy(&actions);
  return error;
}

static inline int rnnd_ignore_signal(int number) { return signal(number, SIG_IGN) == SIG_ERR ? -1 : 0; }
#endif
