#pragma once

// The admin commands of a StatsD server, text in and text out: what statsd/statsd answers on TCP port 8126.
// The one who reads the socket hands over what it received at once as one command, as the reference daemon
// does, and bounds its length. Source: statsd/statsd stats.js, lib/mgmt_server.js, lib/mgmt_console.js.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "statwire/protocol/text.hpp"
#include "statwire/server/flushed_line.hpp"
#include "statwire/server/script_inspect.hpp"
#include "statwire/server/statsd_aggregator.hpp"

namespace statwire::server {

/// What the admin socket answers.
struct AdminReply {
  std::string text;
  bool closes = false;  ///< The connection ends after the text.
};

/// One thread at a time, that of the aggregator.
class StatsdAdmin {
 public:
  /// An option as the command `config` prints it; one of a group is called `group > option`.
  using Option = std::pair<std::string, std::string>;

  /// `config` are the options that the aggregator does not know, which come first. The aggregator has to
  /// outlive this.
  StatsdAdmin(Aggregator& aggregator, UnixTime start, std::vector<Option> config = {})
      : aggregator_{aggregator}, start_{start}, config_{std::move(config)} {}

  /// Answers one command: `help`, `config`, `health [up|down]`, `stats`, `counters`, `gauges`, `timers`,
  /// `delcounters NAME...`, `delgauges NAME...`, `deltimers NAME...` (`a.b.*`: all below a.b), `quit`;
  /// anything else is `ERROR`.
  AdminReply reply(std::string_view command, UnixTime now, const GraphiteStatus& status = {}) {
    std::string_view rest = detail::script_trim(command);
    const std::string_view word = protocol::take_until(rest, ' ');
    if (word == "help") return {help()};
    if (word == "config") return {config()};
    if (word == "health") return {health(rest)};
    if (word == "stats") return {stats(now, status)};
    if (word == "counters") return {counters()};
    if (word == "gauges") return {gauges()};
    if (word == "timers") return {timers()};
    if (word == "delcounters") {
      return {erase(aggregator_.series().counters, rest,
                    [this](auto&& is_over) { aggregator_.erase_counters(is_over); })};
    }
    if (word == "delgauges") {
      return {erase(aggregator_.series().gauges, rest,
                    [this](auto&& is_over) { aggregator_.erase_gauges(is_over); })};
    }
    if (word == "deltimers") {
      return {erase(aggregator_.series().timers, rest,
                    [this](auto&& is_over) { aggregator_.erase_timers(is_over); })};
    }
    if (word == "quit") return {"", true};
    return {"ERROR\n"};
  }

  /// Whether the last `health` command left the server up.
  bool is_up() const noexcept { return is_up_; }

 private:
  using Folders = std::unordered_map<std::string_view, std::vector<std::string_view>>;

  static constexpr std::string_view end_of_answer = "END\n\n";

  static std::string help() {
    return "Commands: stats, counters, timers, gauges, delcounters, deltimers, delgauges, health, config, "
           "quit\n\n";
  }

  std::string health(std::string_view argument) {
    std::string wanted{protocol::take_until(argument, ' ')};
    for (char& c : wanted) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (wanted == "up") is_up_ = true;
    if (wanted == "down") is_up_ = false;
    return is_up_ ? "health: up\n" : "health: down\n";
  }

  std::string config() const {
    const AggregatorOptions& options = aggregator_.options();
    const auto truth = [](bool value) { return std::string{value ? "true" : "false"}; };
    std::string text = "\n";
    const auto add = [&](const std::string& key, const std::string& value) {
      text.append(key).append(": ").append(value) += '\n';
    };
    for (const auto& [key, value] : config_) add(key, value);
    add("flushInterval", std::to_string(options.flush_interval.count()));
    add("gaugesMaxTTL", std::to_string(std::max(1, options.gauges_max_ttl)));
    add("deleteIdleStats", truth(options.delete_idle));
    add("deleteCounters", truth(options.delete_counters.value_or(options.delete_idle)));
    add("deleteTimers", truth(options.delete_timers.value_or(options.delete_idle)));
    add("deleteSets", truth(options.delete_sets.value_or(options.delete_idle)));
    add("deleteGauges", truth(options.delete_gauges.value_or(options.delete_idle)));
    add("flush_counts", truth(options.flush_counts));
    add("keyNameSanitize", truth(options.names == Names::clean));
    add("prefixStats", options.prefix_stats);
    for (std::size_t i = 0; i < options.percentiles.size(); ++i) {
      add("percentThreshold > " + std::to_string(i), detail::inspected_number(options.percentiles[i]));
    }
    for (std::size_t i = 0; i < options.timer_metrics.size(); ++i) {
      add("calculatedTimerMetrics > " + std::to_string(i), options.timer_metrics[i]);
    }
    add("graphite > legacyNamespace", truth(options.graphite.legacy));
    if (!options.graphite.global_suffix.empty()) {
      add("graphite > globalSuffix", options.graphite.global_suffix);
    }
    return text;
  }

  std::string stats(UnixTime now, const GraphiteStatus& status) const {
    const std::int64_t seconds = rounded_seconds(now);
    std::string text;
    const auto add = [&](std::string_view key, auto value) {
      text.append(key).append(": ").append(std::to_string(value)) += '\n';
    };
    add("uptime", seconds - rounded_seconds(start_));
    add("messages.last_msg_seen", seconds - rounded_seconds(aggregator_.last_packet()));
    add("messages.bad_lines_seen", aggregator_.totals().bad_values);
    add("graphite.last_flush", seconds - status.last_flush);
    add("graphite.last_exception", seconds - status.last_exception);  // of none, the time since 1970
    add("graphite.flush_time", status.flush_time_ms);
    add("graphite.flush_length", status.flush_length);
    return text.append(end_of_answer);
  }

  std::string counters() {
    InspectedObject object;
    const auto& table = aggregator_.series().counters;
    for (std::size_t i = 0; i < table.size(); ++i) object.add(table.name(i), table.value(i).sum);
    return object.text().append("\n").append(end_of_answer);
  }

  std::string gauges() {
    InspectedObject object;
    const auto& table = aggregator_.series().gauges;
    for (std::size_t i = 0; i < table.size(); ++i) object.add(table.name(i), table.value(i).value);
    return object.text().append("\n").append(end_of_answer);
  }

  std::string timers() {
    InspectedObject object;
    const auto& table = aggregator_.series().timers;
    for (std::size_t i = 0; i < table.size(); ++i) {
      object.add(table.name(i), inspect_numbers(table.value(i).values));
    }
    return object.text().append("\n").append(end_of_answer);
  }

  /// The names below each folder that `words` ask for, as `a.b.` for `a.b.*`: one pass over all names,
  /// however many folders there are.
  template <class Table>
  static Folders names_below(const Table& table, std::string_view words) {
    Folders folders;
    while (words.data() != nullptr) {
      const std::string_view word = protocol::take_until(words, ' ');
      if (word.ends_with(".*")) folders.try_emplace(word.substr(0, word.size() - 1));
    }
    for (std::size_t i = 0; !folders.empty() && i < table.size(); ++i) {
      const std::string_view name = table.name(i);
      for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
        if (const auto found = folders.find(name.substr(0, dot + 1)); found != folders.end()) {
          found->second.push_back(name);
        }
      }
    }
    return folders;
  }

  /// Erases what the words in `rest` mean, all at once at the end, and says for each what became of it.
  template <class Table, class Erase>
  static std::string erase(const Table& table, std::string_view rest, Erase&& erase_if) {
    std::string text;
    std::unordered_set<std::string_view> erased;
    const Folders folders = names_below(table, rest);
    while (rest.data() != nullptr) {
      const std::string_view wanted = protocol::take_until(rest, ' ');
      bool is_found = false;
      const auto take = [&](std::string_view name) {
        if (!erased.insert(name).second) return;
        text.append("deleted: ").append(name) += '\n';
        is_found = true;
      };
      if (table.find(wanted) != nullptr) take(wanted);
      if (wanted.ends_with(".*")) {
        for (const std::string_view name : folders.find(wanted.substr(0, wanted.size() - 1))->second)
          take(name);
      }
      if (!is_found) text.append("metric ").append(wanted).append(" not found\n");
    }
    std::unordered_set<std::string> over;  // copies: the names move while they are erased
    for (const std::string_view name : erased) over.emplace(name);
    erase_if([&](std::string_view name) { return over.contains(std::string{name}); });
    return text.append(end_of_answer);
  }

  Aggregator& aggregator_;
  UnixTime start_;
  std::vector<Option> config_;
  bool is_up_ = true;
};

}  // namespace statwire::server
