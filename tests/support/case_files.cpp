#include "support/case_files.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "support/cases.hpp"

namespace statwire::test {
namespace {

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

/// The bytes under `name`, or those that `name` + "_hex" writes in hexadecimal.
std::string text_or_hex(const Json& object, const std::string& name) {
  return object.contains(name) ? object[name].get<std::string>() : from_hex(object.at(name + "_hex"));
}

std::string text_or_empty(const Json& value) {
  return value.is_null() ? std::string{} : value.get<std::string>();
}

std::vector<double> bins_of(const Json& bins) {
  std::vector<double> bounds;
  for (const Json& bin : bins) {
    bounds.push_back(bin.is_string() ? std::numeric_limits<double>::infinity() : bin.get<double>());
  }
  return bounds;
}

server::GraphiteNames graphite_names(const Json& config) {
  server::GraphiteNames names;
  for (const auto& item : config.items()) {
    const std::string& key = item.key();
    const Json& value = item.value();
    if (key == "legacyNamespace") {
      names.legacy = value;
    } else if (key == "globalPrefix") {
      names.global_prefix = value;
    } else if (key == "prefixCounter") {
      names.counter_prefix = value;
    } else if (key == "prefixTimer") {
      names.timer_prefix = value;
    } else if (key == "prefixGauge") {
      names.gauge_prefix = value;
    } else if (key == "prefixSet") {
      names.set_prefix = value;
    } else {
      REQUIRE_MESSAGE(key == "globalSuffix", "unknown option " << key);
      names.global_suffix = value;
    }
  }
  return names;
}

/// Options of the reference daemon by their names.
void set_statsd_option(server::AggregatorOptions& options, const std::string& key, const Json& value) {
  if (key == "flushInterval") {
    options.flush_interval = std::chrono::milliseconds{value.get<int>()};
  } else if (key == "percentThreshold") {
    options.percentiles = value.is_array() ? value.get<std::vector<double>>() : std::vector<double>{value};
  } else if (key == "histogram") {
    for (const Json& entry : value) {
      options.histograms.push_back({entry.at("metric"), bins_of(entry.at("bins"))});
    }
  } else if (key == "calculatedTimerMetrics") {
    options.timer_metrics = value;
  } else if (key == "graphite") {
    options.graphite = graphite_names(value);
  } else if (key == "prefixStats") {
    options.prefix_stats = value;
  } else if (key == "flush_counts") {
    options.flush_counts = value;
  } else if (key == "deleteIdleStats") {
    options.delete_idle = value;
  } else if (key == "deleteCounters") {
    options.delete_counters = value.get<bool>();
  } else if (key == "deleteTimers") {
    options.delete_timers = value.get<bool>();
  } else if (key == "deleteSets") {
    options.delete_sets = value.get<bool>();
  } else if (key == "deleteGauges") {
    options.delete_gauges = value.get<bool>();
  } else if (key == "gaugesMaxTTL") {
    options.gauges_max_ttl = value;
  } else {
    REQUIRE_MESSAGE(key == "keyNameSanitize", "unknown option " << key);
    options.names = value.get<bool>() ? server::Names::clean : server::Names::keep;
  }
}

/// Options of pystatsd's server by their names.
void set_pystatsd_option(server::AggregatorOptions& options, const std::string& key, const Json& value) {
  server::PystatsdOptions& pystatsd = options.pystatsd;
  if (key == "flush_interval") {
    options.flush_interval = std::chrono::milliseconds{value.get<int>()};
  } else if (key == "pct_threshold") {
    pystatsd.pct_threshold = value;
  } else if (key == "no_aggregate_counters") {
    pystatsd.no_aggregate_counters = value;
  } else if (key == "counters_prefix") {
    pystatsd.counters_prefix = value;
  } else if (key == "timers_prefix") {
    pystatsd.timers_prefix = value;
  } else if (key == "global_prefix") {
    pystatsd.global_prefix = value;
  } else {
    REQUIRE_MESSAGE(key == "expire", "unknown option " << key);
    pystatsd.expire = std::chrono::seconds{value.get<int>()};
  }
}

/// Options of statsdpy by their names, as the reference daemon's.
void set_statsdpy_option(server::AggregatorOptions& options, const std::string& key, const Json& value) {
  if (key == "legacy_namespace") {
    options.graphite.legacy = value != "no";
  } else {
    REQUIRE_MESSAGE(key == "percent_threshold", "unknown option " << key);
    options.percentiles = {std::stod(value.get<std::string>())};
  }
}

ServerStep server_step(const Json& step) {
  using std::chrono::milliseconds;
  if (step.contains("flush_at")) {
    ServerStep flush{.kind = ServerStep::Kind::flush};
    flush.time = milliseconds{std::llround(step["flush_at"].get<double>() * 1000)};
    if (step.contains("graphite_text")) {
      flush.lines = split(step["graphite_text"].get<std::string>(), '\n');
      if (flush.lines.back().empty()) flush.lines.pop_back();
    } else {
      flush.lines = step.at(step.contains("graphite") ? "graphite" : "graphite_lines");
    }
    return flush;
  }
  if (step.contains("advance_ms")) {
    return {.kind = ServerStep::Kind::pass_time, .time = milliseconds{step["advance_ms"].get<int>()}};
  }
  if (step.contains("admin")) {
    return {.kind = ServerStep::Kind::admin,
            .text = step["admin"],
            .reply = step.at("reply"),
            .closes = step.value("closed", false)};
  }
  return {.kind = ServerStep::Kind::packet,
          .text = step.at("packet"),
          .warnings = step.value("warnings", std::vector<std::string>{}),
          .error = step.value("error", "")};
}

}  // namespace

std::vector<Dialogue> server_dialogues() {
  const Json cases = load_cases("004_server.json");
  std::vector<Dialogue> dialogues;
  for (const auto& entry : cases.items()) {
    Dialogue& dialogue = dialogues.emplace_back(Dialogue{entry.key(), {}});
    for (const Json& step : entry.value().at("steps")) {
      dialogue.steps.push_back({step.at("client"), text_or_hex(step, "send"), text_or_hex(step, "reply")});
    }
  }
  return dialogues;
}

std::vector<WireCase> wire_cases(const std::string& file) {
  std::vector<WireCase> cases;
  for (const Json& entry : load_cases(file)) {
    const bool has_datagrams = entry.contains("datagrams");
    cases.push_back({.call = entry.at("call"),
                     .prefix = text_or_empty(entry.at("prefix")),
                     .random = entry.at("random").is_null() ? 0 : entry.at("random").get<double>(),
                     .max_datagram_bytes = entry.value("maxudpsize", std::size_t{512}),
                     .datagrams = entry.at(has_datagrams ? "datagrams" : "writes")});
  }
  return cases;
}

std::vector<std::string> client_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator{STATWIRE_TEST_CASES "/clients"}) {
    files.push_back(entry.path().stem().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<ClientCase> client_cases(const std::string& file) {
  std::vector<ClientCase> cases;
  for (const Json& entry : load_cases("clients/" + file + ".json")) {
    cases.push_back({.name = entry.at("name"), .call = entry.at("call"), .datagrams = entry.at("bytes")});
  }
  return cases;
}

std::vector<M3Request> m3_requests() {
  std::vector<M3Request> requests;
  const Json file = load_file("000_m3.json");
  for (const Json& request : file.at("requests")) {
    requests.push_back({.controller = request.value("controller_url", "/desktop"),
                        .path = request.value("request_path", "/desktop"),
                        .method = request.value("method", "GET"),
                        .prefix = text_or_empty(request.at("prefix")),
                        .elapsed_seconds = request.value("elapsed_s", 0.0),
                        .is_enabled = request.value("enabled", true),
                        .raised = request.value("action_raised", false),
                        .is_later = request.at("version").get<std::string>().starts_with("2.0.9.5"),
                        .datagrams = request.at("datagrams")});
  }
  return requests;
}

std::vector<M3UserEvent> m3_user_events() {
  std::vector<M3UserEvent> events;
  const Json file = load_file("000_m3.json");
  for (const Json& users : file.at("users")) {
    for (const auto& [key, value] : users.items()) {
      if (!key.starts_with("on_")) continue;
      events.push_back({.event = key,
                        .prefix = text_or_empty(users.at("prefix")),
                        .users = users.at("users_in_db"),
                        .sessions = users.at("sessions_in_db"),
                        .datagrams = value});
    }
  }
  return events;
}

std::vector<ServerCase> server_cases(const std::string& file) {
  const bool is_pystatsd = file == "002_sivy_server.json";
  const bool is_statsdpy = file == "002_statsdpy_server.json";
  std::vector<ServerCase> cases;
  const Json entries = load_cases(file);  // a list, or an object by name
  for (const auto& item : entries.items()) {
    const Json& entry = item.value();
    ServerCase& made =
        cases.emplace_back(ServerCase{.name = entry.value("name", item.key()), .options = {}, .steps = {}});
    const Json& options = entry.at(is_pystatsd ? "options" : is_statsdpy ? "conf" : "config");
    const auto set_option = is_pystatsd   ? set_pystatsd_option
                            : is_statsdpy ? set_statsdpy_option
                                          : set_statsd_option;
    for (const auto& [key, value] : options.items()) set_option(made.options, key, value);
    if (is_pystatsd) made.options.flavour = server::Flavour::pystatsd;
    for (const Json& step : entry.at("steps")) made.steps.push_back(server_step(step));
  }
  return cases;
}

std::vector<LineCase> line_cases() {
  std::vector<LineCase> cases;
  for (const Json& entry : load_cases("002_statsd_lines.json")) {
    cases.push_back({.line = entry.at("line"),
                     .crashes = entry.value("server_crashes", false),
                     .bad_lines = entry.value("bad_lines_seen", std::size_t{0}),
                     .flushed = entry.value("flushed", std::vector<std::string>{})});
  }
  return cases;
}

std::vector<CarbonCase> carbon_cases() {
  std::vector<CarbonCase> cases;
  for (const Json& entry : load_cases("002_carbon_lines.json")) {
    cases.push_back({.line = entry.at("line"),
                     .is_dropped = entry.contains("dropped"),
                     .metric = entry.value("metric", ""),
                     .value = entry.value("value", 0.0),
                     .timestamp = entry.value("timestamp", 0.0)});
  }
  return cases;
}

std::vector<AvroCase> avro_cases() {
  std::vector<AvroCase> cases;
  const Json file = load_file("001_avro.json");
  for (const Json& entry : load_cases("001_avro.json")) {
    const std::string name = entry.at("schema");
    const bool is_of_lab2 = name == "lab2_published_schema";
    AvroCase& made = cases.emplace_back(AvroCase{.schema_name = name,
                                                 .schema = file.at("schemas").at(name).dump(),
                                                 .price_field = is_of_lab2 ? "price" : "total_price",
                                                 .timestamp = 0,
                                                 .texts = {},
                                                 .bytes = from_hex(entry.at("hex"))});
    for (const auto& [field, value] : entry.at("datum").items()) {
      if (field == "timestamp") made.timestamp = value;
      if (value.is_string()) made.texts[field] = value;
    }
  }
  return cases;
}

}  // namespace statwire::test
