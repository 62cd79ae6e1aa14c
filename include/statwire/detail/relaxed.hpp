#pragma once

// Relaxed atomic access to plain numbers that one thread writes and others read. std::atomic_ref would be the
// standard's way, but libc++ has it only since version 19; std::atomic itself cannot live in memory from
// calloc, whose untouched pages cost nothing. GCC, Clang and MinGW all have these built-ins.

namespace statwire::detail {

template <class T>
[[gnu::always_inline]] inline T relaxed_load(const T& object) noexcept {
  T value;
  __atomic_load(&object, &value, __ATOMIC_RELAXED);
  return value;
}

template <class T>
[[gnu::always_inline]] inline void relaxed_store(T& object, T value) noexcept {
  __atomic_store(&object, &value, __ATOMIC_RELAXED);
}

/// Loads what release_add has published: everything that was written before is visible then.
template <class T>
[[gnu::always_inline]] inline T acquire_load(const T& object) noexcept {
  T value;
  __atomic_load(&object, &value, __ATOMIC_ACQUIRE);
  return value;
}

/// Adds where only the calling thread writes, and publishes what it wrote before.
template <class T>
[[gnu::always_inline]] inline void release_add(T& object, T amount) noexcept {
  T value = static_cast<T>(relaxed_load(object) + amount);
  __atomic_store(&object, &value, __ATOMIC_RELEASE);
}

/// Adds where only the calling thread writes: a load and a store, no locked instruction.
template <class T>
[[gnu::always_inline]] inline void single_writer_add(T& object, T amount) noexcept {
  relaxed_store(object, static_cast<T>(relaxed_load(object) + amount));
}

}  // namespace statwire::detail
