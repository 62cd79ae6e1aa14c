#include "statsd_server/options.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

#include "command_line.hpp"
#include "statsd_server/rules.hpp"

namespace statsd_server {
namespace {

using example::ListenAddress;
using example::UsageError;
using statwire::server::Flavour;

/// `--pct` of `-t,--pct`.
std::string long_name(const std::string& flag) {
  return flag.substr(flag.rfind(',') + 1);
}

template <class Value>
Value read_text(const std::string& flag, const Rule<Value>& rule, const std::string& text) {
  std::optional<Value> value = rule.read(text);
  if (!value) example::refuse(long_name(flag), refusal(rule, text));
  return *std::move(value);
}

/// Adds flags, each of which changes the settings when they are read.
class Flags {
 public:
  Flags(example::CommandLine& line, Options& options) : line_{line}, options_{options} {}

  /// `apply(settings, value)` is for the value of the last such flag.
  template <class Value, class Apply>
  void value(const std::string& flag, const char* type, const Rule<Value>& rule, const char* description,
             Apply apply) {
    line_.add_text(flag, type, description, [this, flag, rule, apply](const std::string& text) {
      change([apply, value = read_text(flag, rule, text)](Settings& settings) { apply(settings, value); });
    });
  }

  /// `apply(settings, values)` is for the values of all such flags.
  template <class Value, class Apply>
  void values(const std::string& flag, const char* type, const Rule<Value>& rule, const char* description,
              Apply apply) {
    line_.add_texts(flag, type, description,
                    [this, flag, rule, apply](const std::vector<std::string>& texts) {
                      std::vector<Value> values;
                      for (const std::string& text : texts) values.push_back(read_text(flag, rule, text));
                      change([apply, values](Settings& settings) { apply(settings, values); });
                    });
  }

  template <class Apply>
  void word(const std::string& flag, const char* description, Apply apply) {
    line_.add_switch(flag, description, [this, apply] { change(apply); });
  }

  /// Flags that are not about the settings.
  void text(const std::string& flag, const char* type, std::string& target, const char* description) {
    line_.add_text(flag, type, description, [flag, &target](const std::string& text) {
      if (text.empty()) example::refuse(long_name(flag), "'' is not the path of a file");
      target = text;
    });
  }
  void word(const std::string& flag, const char* description, bool& target) {
    line_.add_switch(flag, target, description);
  }
  void task(const std::string& flag, const char* description, Task task) {
    line_.add_switch(flag, description, [this, task] { options_.task = task; });
  }

 private:
  void change(std::function<void(Settings&)> apply) { options_.changes.push_back(std::move(apply)); }

  example::CommandLine& line_;
  Options& options_;
};

void set_listen(Settings& settings, const ListenAddress& listen) {
  settings.server.address = listen.host;
  settings.server.port = listen.port;
}

void add_ways_in(Flags& flags) {
  flags.value("--listen", "ADDRESS:PORT", rules::listen,
              "Take packets over UDP here (default 127.0.0.1:8125)", set_listen);
  flags.value("-n,--name", "ADDRESS", rules::address, "The address of --listen alone",
              [](Settings& settings, const std::string& address) { settings.server.address = address; });
  flags.value("-p,--port", "PORT", rules::port, "The port of --listen alone",
              [](Settings& settings, std::uint16_t port) { settings.server.port = port; });
  flags.value(
      "--tcp", "PORT", rules::port_or_none, "Take lines over TCP, at the same address (default none)",
      [](Settings& settings, const Optional<std::uint16_t>& port) { settings.server.tcp_port = port.value; });
  flags.value("--unix", "PATH", rules::unix_path, "Take packets at a Unix datagram socket (default none)",
              [](Settings& settings, const std::string& path) { settings.server.unix_path = path; });
  flags.value(
      "--admin", "ADDRESS:PORT", rules::listen_or_none,
      "Answer the admin commands over TCP here (default 127.0.0.1:8126; none: nowhere)",
      [](Settings& settings, const Optional<ListenAddress>& address) { set_admin(settings, address.value); });
  flags.value("--udp-sockets", "N", rules::sockets,
              "Take packets with so many sockets and threads (default 1)",
              [](Settings& settings, std::size_t sockets) { settings.server.udp_sockets = sockets; });
  flags.value(
      "--max-series", "N", rules::count, "Drop samples of new series beyond so many (default 1000000)",
      [](Settings& settings, std::size_t series) { settings.server.aggregation.max_series = series; });
}

void add_ways_out(Flags& flags, Options& options) {
  flags.value("--flush-interval", "TIME", rules::interval,
              "Flush so often, as 10s, or as 10000: milliseconds (default 10s)",
              [](Settings& settings, std::chrono::milliseconds interval) {
                settings.server.flush_interval = interval;
              });
  flags.value("--graphite", "HOST:PORT", rules::graphite,
              "Flush to Graphite, as text or to pickle://HOST:PORT (default none)",
              [](Settings& settings, const std::string& peer) { settings.server.graphite = peer; });
  flags.value("--prometheus", "ADDRESS:PORT", rules::listen_or_none,
              "Answer GET /metrics over HTTP here (default none)",
              [](Settings& settings, const Optional<ListenAddress>& address) {
                settings.prometheus = address.value;
              });
  flags.values("--repeat-to", "ENDPOINT", rules::endpoint,
               "Pass every packet on as it came, to udp://HOST:PORT or others; may be repeated",
               [](Settings& settings, const std::vector<std::string>& endpoints) {
                 settings.server.repeat_to = endpoints;
               });
  flags.word("--console", "Print every flush", [](Settings& settings) { settings.console = true; });
  flags.word("-d,--debug", "The same, and warnings of the flavour pystatsd", options.debug);
}

void add_numbers(Flags& flags) {
  flags.value("--flavour", "NAME", rules::flavour,
              "Whose numbers and names: statsd (of Node.js) or pystatsd (default statsd)",
              [](Settings& settings, Flavour flavour) { settings.server.aggregation.flavour = flavour; });
  flags.values("--percentile", "NUMBER", rules::percentile,
               "Percentiles of timers, those of flavour statsd; may be repeated (default 90)",
               [](Settings& settings, const std::vector<double>& percentiles) {
                 settings.server.aggregation.percentiles = percentiles;
               });
}

/// Each of them chooses the flavour pystatsd.
constexpr const char* pystatsd_flags[]{"--no-aggregate-counters", "--global-prefix", "--counters-prefix",
                                       "--timers-prefix",         "--pct",           "--expire"};

void add_pystatsd(Flags& flags) {
  const auto options = [](Settings & settings) -> auto& {
    settings.server.aggregation.flavour = Flavour::pystatsd;
    return settings.server.aggregation.pystatsd;
  };
  flags.word("--no-aggregate-counters", "Flush counts, not counts per second",
             [options](Settings& settings) { options(settings).no_aggregate_counters = true; });
  flags.value(
      "--global-prefix", "NAME", rules::path_part, "Stands before every name (default none)",
      [options](Settings& settings, const std::string& prefix) { options(settings).global_prefix = prefix; });
  flags.value("--counters-prefix", "NAME", rules::path_part, "Of counters and gauges (default stats)",
              [options](Settings& settings, const std::string& prefix) {
                options(settings).counters_prefix = prefix;
              });
  flags.value(
      "--timers-prefix", "NAME", rules::path_part, "Of timers (default stats.timers)",
      [options](Settings& settings, const std::string& prefix) { options(settings).timers_prefix = prefix; });
  flags.value("-t,--pct", "NUMBER", rules::threshold, "The percentile of timers (default 90)",
              [options](Settings& settings, int threshold) { options(settings).pct_threshold = threshold; });
  flags.value(
      "--expire", "SECONDS", rules::expiry, "Drop what is older at a flush (default 0: nothing)",
      [options](Settings& settings, std::chrono::seconds expire) { options(settings).expire = expire; });
}

/// pystatsd-server has these for what --graphite says; they are put together once all are read.
void add_transport(example::CommandLine& line) {
  const auto add = [&](const char* flag, const char* type, const char* description) {
    line.add_text(flag, type, description, [](const std::string&) {});
  };
  add("-r,--transport", "NAME", "graphite, the only one: flush to localhost:2003 unless told otherwise");
  add("--graphite-host", "HOST", "The host of --graphite alone (default localhost)");
  add("--graphite-port", "PORT", "The port of --graphite alone (default 2003)");
}

void add_process(Flags& flags, Options& options) {
  flags.text("--config", "FILE", options.config, "Read this first; flags win over it, SIGHUP reads it again");
  flags.task("--check", "Read everything, say whether it is fine, and exit", Task::check);
  flags.word("-D,--daemon", "Go on in the background", options.detach);
  flags.text("--log", "FILE", options.log, "Append what would be printed to this; SIGHUP opens it again");
  flags.text("--pidfile", "PATH", options.pidfile, "Keep the process id here, until the end");
  flags.task("--stop", "End the process that --pidfile names, and wait until it is gone", Task::stop);
  flags.task("--restart", "The same, then start in the background", Task::restart);
}

void add_flags(example::CommandLine& line, Flags& flags, Options& options) {
  add_ways_in(flags);
  add_ways_out(flags, options);
  add_transport(line);
  add_numbers(flags);
  add_pystatsd(flags);
  add_process(flags, options);
}

/// The first two flags of which only one may be there, or one without another that it needs.
std::optional<UsageError> find_conflict(const example::CommandLine& line) {
  const auto is_given = [&](const char* flag) { return line.is_given(flag); };
  constexpr std::pair<const char*, const char*> pairs[]{{"--listen", "--name"},
                                                        {"--listen", "--port"},
                                                        {"--graphite", "--transport"},
                                                        {"--graphite", "--graphite-host"},
                                                        {"--graphite", "--graphite-port"},
                                                        {"--percentile", "--pct"},
                                                        {"--check", "--stop"},
                                                        {"--check", "--restart"},
                                                        {"--check", "--daemon"},
                                                        {"--stop", "--restart"},
                                                        {"--stop", "--daemon"}};
  for (const auto& [one, other] : pairs) {
    if (is_given(one) && is_given(other)) {
      return UsageError{std::string{one} + " and " + other + " exclude each other; give one of them"};
    }
  }
  for (const char* flag : {"--stop", "--restart"}) {
    if (is_given(flag) && !is_given("--pidfile")) {
      return UsageError{std::string{flag} + " needs --pidfile, which names the process"};
    }
  }
  return std::nullopt;
}

std::optional<UsageError> find_flavour_conflict(const example::CommandLine& line) {
  if (line.text_of("--flavour", "pystatsd") == "pystatsd") {
    return std::nullopt;
  }
  for (const char* flag : pystatsd_flags) {
    if (!line.is_given(flag)) continue;
    return UsageError{std::string{flag} + " is of the flavour pystatsd; leave --flavour statsd out"};
  }
  return std::nullopt;
}

/// What -r, --graphite-host and --graphite-port say together.
std::optional<UsageError> read_transport(const example::CommandLine& line, Options& options) {
  if (const std::string transport = line.text_of("--transport", "graphite"); transport != "graphite") {
    return UsageError{"--transport: " + in_quotes(transport) +
                      " is not graphite, the only one here: Ganglia is not written to"};
  }
  const std::string host = line.text_of("--graphite-host", "localhost");
  const std::string port = line.text_of("--graphite-port", "2003");
  if (!rules::port.read(port)) return UsageError{"--graphite-port: " + refusal(rules::port, port)};
  const bool is_v6 = host.find(':') != std::string::npos;
  const std::string peer = (is_v6 ? "[" + host + "]" : host) + ":" + port;
  if (!rules::graphite.read(peer) || host.find('/') != std::string::npos) {
    return UsageError{"--graphite-host: " + in_quotes(host) + " is neither a host's name nor its address"};
  }
  const bool is_named = line.is_given("--graphite-host") || line.is_given("--graphite-port");
  if (!is_named && !line.is_given("--transport")) return std::nullopt;
  options.changes.emplace_back([peer, is_named](Settings& settings) {
    if (is_named || settings.server.graphite.empty()) settings.server.graphite = peer;
  });
  return std::nullopt;
}

/// In the background, the program is elsewhere.
void make_absolute(std::string& path) {
  if (!path.empty()) path = std::filesystem::absolute(path).lexically_normal();
}

example::Command<Options> finish(const example::CommandLine& line, Options options) {
  if (auto conflict = find_conflict(line)) return *conflict;
  if (auto conflict = find_flavour_conflict(line)) return *conflict;
  if (auto error = read_transport(line, options)) return *error;
  if (!has_metrics_page && line.is_given("--prometheus")) {
    return UsageError{std::string{"--prometheus: "} + no_metrics_page};
  }
  options.has_percentiles = line.is_given("--percentile");
  if (options.task == Task::restart) options.detach = true;
  if (options.detach) {
    for (std::string* path : {&options.config, &options.log, &options.pidfile}) make_absolute(*path);
  }
  return options;
}

}  // namespace

example::Command<Options> parse_options(int argc, const char* const* argv) {
  example::CommandLine line{
      "statsd_server",
      "Sums what StatsD clients send, and flushes it to Graphite, until SIGTERM or SIGINT.\n"
      "SIGHUP reads the configuration again.",
      "The flags of pystatsd-server mean here what they mean there, but that it listens on loopback\n"
      "unless told otherwise. --pct, --expire, --no-aggregate-counters and the prefixes choose the\n"
      "flavour pystatsd. There is no password: whoever reaches the addresses may write."};
  Options options;
  Flags flags{line, options};
  add_flags(line, flags, options);
  auto result = line.parse(argc, argv);
  if (auto* answer = std::get_if<example::Answer>(&result)) return std::move(*answer);
  if (auto* error = std::get_if<UsageError>(&result)) return std::move(*error);
  return finish(line, std::move(options));
}

std::variant<Settings, Complaints> read_settings(const Options& options) {
  Settings settings;
  if (!options.config.empty()) {
    auto read = read_configuration(options.config);
    if (auto* complaints = std::get_if<Complaints>(&read)) return std::move(*complaints);
    settings = std::get<Settings>(std::move(read));
  }
  for (const auto& change : options.changes) change(settings);
  if (options.has_percentiles && settings.server.aggregation.flavour == Flavour::pystatsd) {
    return Complaints{"--percentile has no effect with the flavour pystatsd; its flag is --pct"};
  }
  settings.console = settings.console || options.debug;
  settings.server.prometheus = settings.prometheus.has_value();
  return settings;
}

}  // namespace statsd_server
