#ifndef RNND_CSYSTEM_PROCESSOR_H
#define RNND_CSYSTEM_PROCESSOR_H
// What Swift cannot say to the processor. The kernels' target compiles this for the processor it is built for.

/// Tells the processor that the thread looks at a memory place until another thread changes it.
static inline void rnnd_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Asks for a cache line that will be read soon.
static inline void rnnd_prefetch(const void *place) { __builtin_prefetch(place, 0, 3); }

/// How many 512-bit registers' worth of numbers the processor's registers hold.
static inline int rnnd_wide_register_count(void) {
#if defined(__AVX512F__)
  return 32;
#elif defined(__aarch64__)
  return 8;
#else
  return 8;
#endif
}
#endif
