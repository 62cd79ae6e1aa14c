#pragma once

// Reads the figures of this machine from the kernel.

#include "host_monitor/proc_text.hpp"
#include "host_monitor/series.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

namespace host_monitor {

/// A file of the kernel is missing, or says what nobody expects; what() is one line that names it.
class SamplerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One thread at a time. Every member function throws SamplerError.
class HostSampler {
 public:
  /// Takes the baseline that the first sample() is compared with.
  explicit HostSampler(std::string proc_folder = "/proc", std::string disk_path = "/");

  /// The figures as of now; those that the kernel counts up, since the last call.
  Readings sample();

 private:
  struct Counters {
    CpuTicks cpu;
    Interfaces interfaces;
    std::chrono::steady_clock::time_point time;
  };

  Counters read_counters() const;

  std::string proc_folder_;
  std::string disk_path_;
  Counters before_;
};

/// The name of this machine as one part of a metric name: dots, which would split it, become `_`.
std::string host_name();
std::string clean_host_name(std::string name);

}  // namespace host_monitor
