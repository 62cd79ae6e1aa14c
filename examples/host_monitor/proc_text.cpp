#include "host_monitor/proc_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <statwire/protocol/number.hpp>
#include <statwire/protocol/text.hpp>

namespace host_monitor {
namespace {

using statwire::protocol::split_words;
using statwire::protocol::take_until;
using statwire::protocol::trim;

std::optional<std::uint64_t> parse_count(std::string_view text) {
  const std::optional<std::int64_t> count = statwire::protocol::parse_integer(text);
  if (!count || *count < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*count);
}

/// The bytes of a line such as `MemTotal:  24684096 kB`.
std::optional<std::uint64_t> find_memory(std::string_view proc_meminfo, std::string_view name) {
  while (!proc_meminfo.empty()) {
    std::string_view line = take_until(proc_meminfo, '\n');
    if (take_until(line, ':') != name) continue;
    std::array<std::string_view, 2> words;
    const std::size_t count = split_words(line, words);
    const std::optional<std::uint64_t> kibibytes = parse_count(words[0]);
    if (count != 2 || words[1] != "kB" || !kibibytes) return std::nullopt;
    return *kibibytes * 1024;
  }
  return std::nullopt;
}

double growth(std::uint64_t before, std::uint64_t now) {
  return now > before ? static_cast<double>(now - before) : 0;
}

}  // namespace

std::optional<CpuTicks> parse_cpu_ticks(std::string_view proc_stat) {
  constexpr std::size_t idle = 4;
  constexpr std::size_t wait_for_io = 5;
  constexpr std::size_t steal = 8;  // the last that counts: guest and guest_nice follow
  std::array<std::string_view, 1 + steal> words;
  const std::size_t count = std::min(split_words(take_until(proc_stat, '\n'), words), words.size());
  if (words[0] != "cpu" || count <= idle) return std::nullopt;
  CpuTicks ticks;
  for (std::size_t column = 1; column < count; ++column) {
    const std::optional<std::uint64_t> value = parse_count(words[column]);
    if (!value) return std::nullopt;
    ticks.total += *value;
    if (column != idle && column != wait_for_io) ticks.busy += *value;
  }
  return ticks;
}

std::optional<std::uint64_t> parse_memory_used(std::string_view proc_meminfo) {
  const std::optional<std::uint64_t> total = find_memory(proc_meminfo, "MemTotal");
  const std::optional<std::uint64_t> available = find_memory(proc_meminfo, "MemAvailable");
  if (!total || !available) return std::nullopt;
  return *total - std::min(*available, *total);
}

std::optional<Interfaces> parse_interfaces(std::string_view proc_net_dev) {
  constexpr std::size_t received_column = 0;
  constexpr std::size_t sent_column = 8;
  Interfaces interfaces;
  while (!proc_net_dev.empty()) {
    const std::string_view line = take_until(proc_net_dev, '\n');
    const std::size_t colon = line.rfind(':');            // the name of an alias has one, too
    if (colon == line.npos) continue;                     // the two lines of the heading
    std::array<std::string_view, sent_column + 1> words;  // those that are not there stay empty
    split_words(line.substr(colon + 1), words);
    const std::optional<std::uint64_t> received = parse_count(words[received_column]);
    const std::optional<std::uint64_t> sent = parse_count(words[sent_column]);
    if (!received || !sent) return std::nullopt;
    const std::string_view name = trim(line.substr(0, colon));
    if (name != "lo") interfaces.emplace(name, InterfaceBytes{.received = *received, .sent = *sent});
  }
  return interfaces;
}

double cpu_percent(const CpuTicks& before, const CpuTicks& now) {
  const double total = growth(before.total, now.total);
  if (total == 0) return 0;
  return std::min(100.0, 100.0 * growth(before.busy, now.busy) / total);
}

NetworkRates network_rates(const Interfaces& before, const Interfaces& now,
                           std::chrono::duration<double> elapsed) {
  NetworkRates rates;
  if (elapsed.count() <= 0) return rates;
  for (const auto& [name, bytes] : now) {
    const auto found = before.find(name);
    if (found == before.end()) continue;
    rates.received += growth(found->second.received, bytes.received) / elapsed.count();
    rates.sent += growth(found->second.sent, bytes.sent) / elapsed.count();
  }
  return rates;
}

}  // namespace host_monitor
