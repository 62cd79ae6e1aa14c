#include "host_monitor/host_sampler.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <statwire/protocol/clean.hpp>
#include <system_error>
#include <utility>

namespace host_monitor {
namespace {

SamplerError system_error(const std::string& what) {
  return SamplerError{"cannot read " + what + ": " + std::generic_category().message(errno)};
}

/// Reads a file of the kernel and parses it; the parser answers with nothing when it cannot.
template <class Parse>
auto read(const std::string& path, Parse&& parse) {
  std::ifstream file{path};
  if (!file) throw system_error(path);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto parsed = parse(text);
  if (!parsed) throw SamplerError{"cannot read " + path + ": it is not in the format of proc(5)"};
  return *std::move(parsed);
}

double disk_used(const std::string& path) {
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) != 0) throw system_error("the size of " + path);
  return static_cast<double>(disk.f_blocks - disk.f_bfree) * static_cast<double>(disk.f_frsize);
}

}  // namespace

HostSampler::HostSampler(std::string proc_folder, std::string disk_path)
    : proc_folder_{std::move(proc_folder)}, disk_path_{std::move(disk_path)}, before_{read_counters()} {}

HostSampler::Counters HostSampler::read_counters() const {
  return {.cpu = read(proc_folder_ + "/stat", parse_cpu_ticks),
          .interfaces = read(proc_folder_ + "/net/dev", parse_interfaces),
          .time = std::chrono::steady_clock::now()};
}

Readings HostSampler::sample() {
  Counters now = read_counters();
  const NetworkRates network = network_rates(before_.interfaces, now.interfaces, now.time - before_.time);
  const double cpu = cpu_percent(before_.cpu, now.cpu);
  before_ = std::move(now);
  const auto memory = static_cast<double>(read(proc_folder_ + "/meminfo", parse_memory_used));
  return {cpu, memory, disk_used(disk_path_), network.received, network.sent};
}

std::string clean_host_name(std::string name) {
  statwire::protocol::copy_clean_name(name.data(), name);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) throw system_error("the name of this host");
  return clean_host_name(name.data());
}

}  // namespace host_monitor
