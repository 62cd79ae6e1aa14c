#pragma once

// Reads the text of the kernel's files in /proc, and turns two readings of what the kernel counts up into a
// share or a rate. No files are opened here. Source: proc(5).

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace host_monitor {

/// Time that all processors together have spent since boot, in clock ticks.
struct CpuTicks {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
};

/// Bytes that an interface has carried since it came up.
struct InterfaceBytes {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

using Interfaces = std::map<std::string, InterfaceBytes, std::less<>>;

struct NetworkRates {
  double received = 0;  ///< Bytes per second.
  double sent = 0;      ///< Bytes per second.
};

/// Reads /proc/stat. Waiting for a disk is idle time; guests are in the user time already.
std::optional<CpuTicks> parse_cpu_ticks(std::string_view proc_stat);

/// Reads /proc/meminfo: MemTotal - MemAvailable, in bytes.
std::optional<std::uint64_t> parse_memory_used(std::string_view proc_meminfo);

/// Reads /proc/net/dev; leaves the loopback interface out.
std::optional<Interfaces> parse_interfaces(std::string_view proc_net_dev);

/// The busy share of the time between two readings, 0 to 100; 0 when no time passed.
double cpu_percent(const CpuTicks& before, const CpuTicks& now);

/// What the interfaces that are in both readings carried between them. One whose count went backwards was
/// reset and adds 0.
NetworkRates network_rates(const Interfaces& before, const Interfaces& now,
                           std::chrono::duration<double> elapsed);

}  // namespace host_monitor
