#pragma once
#include <stdint.h>

/// Starts loading the cache line at `p`; a hint, never a fault.
static inline void ci_prefetch(const void *p) { __builtin_prefetch(p, 0, 3); }

/// Relaxed atomic access to a word that readers may touch while they share a lock.
static inline uint16_t ci_load_relaxed(const uint16_t *p) {
  return __atomic_load_n(p, __ATOMIC_RELAXED);
}
static inline void ci_store_relaxed(uint16_t *p, uint16_t v) {
  __atomic_store_n(p, v, __ATOMIC_RELAXED);
}

/// Four 32-bit lanes: what every x86-64 and arm64 has.
typedef uint32_t ci_lanes __attribute__((vector_size(16), aligned(4)));

/// Stores `value` into every element of `target[64]` whose bit is set in `bits`.
static inline void ci_fill_masked(uint32_t *target, uint64_t bits, uint32_t value) {
  const ci_lanes fill = {value, value, value, value};
  for (int half = 0; half < 2; half++) {
    const uint32_t part = (uint32_t)(bits >> (half * 32));
    const ci_lanes broadcast = {part, part, part, part};
    ci_lanes select = {1, 2, 4, 8};
    for (int group = 0; group < 8; group++) {
      ci_lanes mask = (ci_lanes)((broadcast & select) == select);
      ci_lanes *place = (ci_lanes *)(target + half * 32 + group * 4);
      *place = (*place & ~mask) | (fill & mask);
      select <<= 4;
    }
  }
}
