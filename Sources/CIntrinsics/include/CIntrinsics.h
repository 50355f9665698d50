#pragma once
#include <stdint.h>

/// Starts loading the cache line at `p`; a hint, never a fault.
static inline void ci_prefetch(const void *p) { __builtin_prefetch(p, 0, 3); }

/// Relaxed atomic access to a byte that readers may touch while they share a lock.
static inline uint8_t ci_load_relaxed(const uint8_t *p) {
  return __atomic_load_n(p, __ATOMIC_RELAXED);
}
static inline void ci_store_relaxed(uint8_t *p, uint8_t v) {
  __atomic_store_n(p, v, __ATOMIC_RELAXED);
}
