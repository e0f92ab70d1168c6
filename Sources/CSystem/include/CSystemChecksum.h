#ifndef RNND_CSYSTEM_CHECKSUM_H
#define RNND_CSYSTEM_CHECKSUM_H
// The processor's own CRC32C, where it has one. Asked for at run time on x86, as programs travel between processors.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

static inline int rnnd_has_crc32c(void) { return __builtin_cpu_supports("sse4.2") != 0; }

/// Goes on with a CRC32C in the processor's form: inverted at neither end. Only where `rnnd_has_crc32c`.
__attribute__((target("sse4.2"))) static inline uint32_t rnnd_crc32c(
    uint32_t start, const uint8_t *bytes, size_t count) {
  uint64_t checksum = start;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    checksum = __builtin_ia32_crc32di(checksum, word);
  }
  for (; count > 0; count--, bytes++) checksum = __builtin_ia32_crc32qi((uint32_t)checksum, *bytes);
  return (uint32_t)checksum;
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

static inline int rnnd_has_crc32c(void) { return 1; }

static inline uint32_t rnnd_crc32c(uint32_t start, const uint8_t *bytes, size_t count) {
  uint32_t checksum = start;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    checksum = __builtin_arm_crc32cd(checksum, word);
  }
  for (; count > 0; count--, bytes++) checksum = __builtin_arm_crc32cb(checksum, *bytes);
  return checksum;
}

#else

static inline int rnnd_has_crc32c(void) { return 0; }

static inline uint32_t rnnd_crc32c(uint32_t start, const uint8_t *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return start;
}

#endif
#endif
