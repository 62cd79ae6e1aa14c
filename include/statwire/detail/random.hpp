#pragma once

// Random bits for sampling: fast, one state per thread, not for secrets.

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>

namespace statwire::detail {

/// Returns 64 random bits. Any thread; a few nanoseconds. (The generator is SplitMix64.)
inline std::uint64_t random_bits() noexcept {
  thread_local std::uint64_t state =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
      std::hash<std::thread::id>{}(std::this_thread::get_id()) * 0x9e3779b97f4a7c15;
  std::uint64_t bits = state += 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace statwire::detail
