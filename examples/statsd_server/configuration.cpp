#include "statsd_server/configuration.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include "statsd_server/file_text.hpp"
#include "statsd_server/table_reader.hpp"

namespace statsd_server {
namespace {

using namespace statwire::server;
using example::ListenAddress;

/// Reads a value that may have no effect, as `why_not` says. What would silently do nothing is refused,
/// unless it is the default.
template <class Target, class... Rules>
void read_if(TableReader& table, const char* why_not, std::string_view key, Target& target,
             const Rules&... rules) {
  const Target usual = target;
  if (!table.read(key, rules..., target) || why_not == nullptr || target == usual) return;
  table.complain(key, std::string{"has no effect "} + why_not);
}

void read_addresses(TableReader& root, Settings& settings) {
  StatsdServerOptions& server = settings.server;
  ListenAddress listen{.host = server.address, .port = server.port};
  if (root.read("listen", Kind::text, rules::listen, listen)) {
    server.address = listen.host;
    server.port = listen.port;
  }
  Optional<std::uint16_t> tcp;
  if (root.read("tcp", Kind::text_or_integer, rules::port_or_none, tcp)) server.tcp_port = tcp.value;
  root.read("unix", Kind::text, rules::unix_path, server.unix_path);
  Optional<ListenAddress> admin;
  if (root.read("admin", Kind::text, rules::listen_or_none, admin)) {
    set_admin(settings, admin.value);
  }
  Optional<ListenAddress> prometheus;
  if (root.read("prometheus", Kind::text, rules::listen_or_none, prometheus)) {
    settings.prometheus = prometheus.value;
    if (prometheus.value && !has_metrics_page) root.complain("prometheus", no_metrics_page);
  }
}

void read_outputs(TableReader& root, Settings& settings) {
  StatsdServerOptions& server = settings.server;
  root.read("flush_interval", Kind::text_or_integer, rules::interval, server.flush_interval);
  root.read("graphite", Kind::text, rules::graphite, server.graphite);
  root.read("console", settings.console);
  root.read("repeat_to", Kind::text, rules::endpoint, server.repeat_to);
  root.read("close_timeout", Kind::text_or_integer, rules::timeout, server.close_timeout);
}

void read_bounds(TableReader& root, StatsdServerOptions& server) {
  constexpr Kind integer = Kind::integer;
  root.read("max_series", integer, rules::count, server.aggregation.max_series);
  root.read("max_values", integer, rules::count, server.aggregation.max_values);
  root.read("max_name_bytes", integer, rules::count, server.aggregation.max_name_bytes);
  root.read("udp_sockets", integer, rules::sockets, server.udp_sockets);
  root.read("receive_buffer_bytes", integer, rules::buffer, server.receive_buffer_bytes);
  root.read("max_backlog_bytes", integer, rules::count, server.max_backlog_bytes);
  root.read("max_spool_bytes", integer, rules::spool, server.max_spool_bytes);
  root.read("max_line_bytes", integer, rules::count, server.max_line_bytes);
  root.read("max_connections", integer, rules::count, server.max_connections);
  root.read("max_admin_connections", integer, rules::count, server.max_admin_connections);
  root.read("admin_idle", Kind::text_or_integer, rules::seconds, server.admin_idle);
}

void read_bins(TableReader& table, Histogram& histogram) {
  const toml::array* bins = table.find_array("bins");
  if (bins == nullptr) return;
  for (const toml::node& node : *bins) {
    const std::optional<double> bin = node.value<double>();
    if (!bin || *bin != *bin) {
      return table.complain("bins", node, described(node) + ", expected numbers, the last one perhaps inf");
    }
    if (!histogram.bins.empty() && !(histogram.bins.back() < *bin)) {
      return table.complain("bins", node, described(node) + ", expected more than the bound before it");
    }
    histogram.bins.push_back(*bin);
  }
}

void read_histograms(TableReader& root, const char* why_not, std::vector<Problem>& problems,
                     std::vector<Histogram>& histograms) {
  const toml::array* list = root.find_array("histogram");
  if (list == nullptr) return;
  if (why_not != nullptr) root.complain("histogram", std::string{"has no effect "} + why_not);
  for (const toml::node& node : *list) {
    if (!node.is_table()) {
      root.complain("histogram", node, described(node) + ", expected a table: [[histogram]]");
      continue;
    }
    Histogram histogram;
    TableReader table{*node.as_table(), "histogram.", problems};
    table.read("metric", Kind::text, rules::path_part, histogram.metric);
    read_bins(table, histogram);
    table.finish();
    histograms.push_back(std::move(histogram));
  }
}

/// What the flavour statsd alone has.
void read_statsd(TableReader& root, const char* why_not, AggregatorOptions& options) {
  read_if(root, why_not, "percentiles", options.percentiles, Kind::number, rules::percentile);
  read_if(root, why_not, "timer_metrics", options.timer_metrics, Kind::text, rules::timer_metric);
  read_if(root, why_not, "flush_counts", options.flush_counts);
  read_if(root, why_not, "delete_idle", options.delete_idle);
  read_if(root, why_not, "delete_counters", options.delete_counters);
  read_if(root, why_not, "delete_timers", options.delete_timers);
  read_if(root, why_not, "delete_sets", options.delete_sets);
  read_if(root, why_not, "delete_gauges", options.delete_gauges);
  read_if(root, why_not, "gauges_max_ttl", options.gauges_max_ttl, Kind::integer, rules::flushes);
  read_if(root, why_not, "prefix_stats", options.prefix_stats, Kind::text, rules::path_part);
  read_if(root, why_not, "senders", options.senders, Kind::text, rules::senders);
  bool clean_names = true;
  read_if(root, why_not, "clean_names", clean_names);
  options.names = clean_names ? Names::clean : Names::keep;
}

void read_names(TableReader& root, const char* why_not, std::vector<Problem>& problems,
                GraphiteNames& names) {
  const toml::table* section = root.find_table("names");
  if (section == nullptr) return;
  TableReader table{*section, "names.", problems};
  const auto read = [&](const char* reason, const char* key, std::string& name) {
    read_if(table, reason, key, name, Kind::text, rules::path_part);
  };
  read_if(table, why_not, "legacy", names.legacy);
  read(why_not, "global_suffix", names.global_suffix);
  const char* reason = why_not == nullptr && names.legacy ? "without legacy = false" : why_not;
  read(reason, "global_prefix", names.global_prefix);
  read(reason, "counter_prefix", names.counter_prefix);
  read(reason, "timer_prefix", names.timer_prefix);
  read(reason, "gauge_prefix", names.gauge_prefix);
  read(reason, "set_prefix", names.set_prefix);
  table.finish();
}

void read_pystatsd(TableReader& root, const char* why_not, std::vector<Problem>& problems,
                   PystatsdOptions& options) {
  const toml::table* section = root.find_table("pystatsd");
  if (section == nullptr) return;
  TableReader table{*section, "pystatsd.", problems};
  read_if(table, why_not, "counters_prefix", options.counters_prefix, Kind::text, rules::path_part);
  read_if(table, why_not, "timers_prefix", options.timers_prefix, Kind::text, rules::path_part);
  read_if(table, why_not, "global_prefix", options.global_prefix, Kind::text, rules::path_part);
  read_if(table, why_not, "no_aggregate_counters", options.no_aggregate_counters);
  read_if(table, why_not, "pct_threshold", options.pct_threshold, Kind::integer, rules::threshold);
  read_if(table, why_not, "expire", options.expire, Kind::integer, rules::expiry);
  table.finish();
}

void read_root(const toml::table& document, std::vector<Problem>& problems, Settings& settings) {
  TableReader root{document, "", problems};
  AggregatorOptions& options = settings.server.aggregation;
  read_addresses(root, settings);
  read_outputs(root, settings);
  read_bounds(root, settings.server);
  root.read("flavour", Kind::text, rules::flavour, options.flavour);
  const bool is_statsd = options.flavour == Flavour::statsd;
  const char* not_statsd = is_statsd ? nullptr : "with flavour = \"pystatsd\"";
  const char* not_pystatsd = is_statsd ? "without flavour = \"pystatsd\"" : nullptr;
  read_statsd(root, not_statsd, options);
  read_names(root, not_statsd, problems, options.graphite);
  read_histograms(root, not_statsd, problems, options.histograms);
  read_pystatsd(root, not_pystatsd, problems, options.pystatsd);
  root.finish();
}

/// How many lines the text has up to the one where the parser gets lost.
std::size_t line_of_loss(std::string_view text) {
  const auto is_lost_within = [&](std::size_t lines) {
    std::size_t end = 0;
    for (std::size_t line = 0; line < lines && end < text.size(); ++line) {
      end = std::min(text.find('\n', end), text.size() - 1) + 1;
    }
    try {
      [[maybe_unused]] const toml::table whole = toml::parse(text.substr(0, end));
    } catch (const ParserLost&) {
      return true;
    } catch (const toml::parse_error&) {  // of the cut
    }
    return false;
  };
  std::size_t without = 0;
  std::size_t with = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  while (with - without > 1) {
    const std::size_t middle = without + (with - without) / 2;
    (is_lost_within(middle) ? with : without) = middle;
  }
  return with;
}

std::vector<Problem> read_document(std::string_view text, Settings& settings) {
  std::vector<Problem> problems;
  try {
    const toml::table document = toml::parse(text);
    read_root(document, problems, settings);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    problems.push_back({at.line, at.column, std::string{error.description()}});
  } catch (const ParserLost&) {
    problems.push_back({line_of_loss(text), 1, "no TOML; expected a table's name between its brackets"});
  }
  return problems;
}

std::string line_of(const std::string& file, const Problem& problem) {
  std::string line =
      file + ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column) + ": " + problem.text;
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  return line;
}

}  // namespace

std::variant<Settings, Complaints> parse_configuration(const std::string& file, std::string_view text) {
  Settings settings;
  std::vector<Problem> problems = read_document(text, settings);
  if (problems.empty()) return settings;
  std::sort(problems.begin(), problems.end(), [](const Problem& left, const Problem& right) {
    return std::tie(left.line, left.column, left.text) < std::tie(right.line, right.column, right.text);
  });
  Complaints complaints;
  for (const Problem& problem : problems) complaints.push_back(line_of(file, problem));
  return complaints;
}

std::variant<Settings, Complaints> read_configuration(const std::string& file) {
  const std::variant<FileText, std::string> read = read_file(file);
  if (const auto* problem = std::get_if<std::string>(&read)) return Complaints{file + ": " + *problem};
  return parse_configuration(file, std::get<FileText>(read).bytes);
}

}  // namespace statsd_server
