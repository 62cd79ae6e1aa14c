#include "statsd_server/options.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <string>
#include <variant>
#include <vector>

#include "support/scratch_directory.hpp"

using namespace statsd_server;
using namespace statwire::server;
using namespace statwire::test;
using example::Answer;
using example::UsageError;

namespace {

using Arguments = std::vector<const char*>;

template <class Kind>
Kind parsed(Arguments arguments) {
  arguments.insert(arguments.begin(), "statsd_server");
  const auto result = parse_options(static_cast<int>(arguments.size()), arguments.data());
  if (const auto* error = std::get_if<UsageError>(&result)) CAPTURE(error->message);
  REQUIRE(std::holds_alternative<Kind>(result));
  return std::get<Kind>(result);
}

Settings settings_of(const Arguments& arguments) {
  const auto result = read_settings(parsed<Options>(arguments));
  REQUIRE(std::holds_alternative<Settings>(result));
  return std::get<Settings>(result);
}

void check_refused(const Arguments& arguments, const std::string& message) {
  CHECK(parsed<UsageError>(arguments).message == message);
}

}  // namespace

TEST_CASE("statsd_server options: what holds without flags") {
  const auto options = parsed<Options>({});
  CHECK(options.task == Task::serve);
  CHECK_FALSE(options.detach);
  CHECK_FALSE(options.debug);
  CHECK(options.config.empty());
  CHECK(options.pidfile.empty());
  CHECK(options.log.empty());
  const Settings settings = settings_of({});
  CHECK(settings.server.address == "127.0.0.1");
  CHECK(settings.server.port == 8125);
  CHECK(settings.server.admin_address == "127.0.0.1");
  CHECK(settings.server.admin_port == 8126);
  CHECK_FALSE(settings.server.tcp_port);
  CHECK(settings.server.graphite.empty());
  CHECK_FALSE(settings.console);
  CHECK_FALSE(settings.server.prometheus);
  CHECK(settings.server.aggregation.flavour == Flavour::statsd);
}

TEST_CASE("statsd_server options: flags of its own") {
  const Settings all = settings_of({"--listen",
                                    "[::]:9",
                                    "--tcp=10",
                                    "--unix",
                                    "/run/s",
                                    "--admin",
                                    "0.0.0.0:11",
                                    "--flush-interval",
                                    "1.5s",
                                    "--graphite",
                                    "pickle://g:2004",
                                    "--percentile",
                                    "50",
                                    "--percentile=-10",
                                    "--percentile",
                                    "-99.9",
                                    "--console",
                                    "--repeat-to",
                                    "udp://a:1",
                                    "--repeat-to",
                                    "unix:///run/b",
                                    "--udp-sockets",
                                    "2",
                                    "--max-series",
                                    "7"});
  CHECK(all.server.address == "::");
  CHECK(all.server.port == 9);
  CHECK(all.server.tcp_port == 10);
  CHECK(all.server.unix_path == "/run/s");
  CHECK(all.server.admin_address == "0.0.0.0");
  CHECK(all.server.admin_port == 11);
  CHECK(all.server.flush_interval == std::chrono::milliseconds{1500});
  CHECK(all.server.graphite == "pickle://g:2004");
  CHECK(all.server.aggregation.percentiles == std::vector<double>{50, -10, -99.9});
  CHECK(all.console);
  CHECK(all.server.repeat_to == std::vector<std::string>{"udp://a:1", "unix:///run/b"});
  CHECK(all.server.udp_sockets == 2);
  CHECK(all.server.aggregation.max_series == 7);
  CHECK_FALSE(settings_of({"--admin", "none"}).server.admin_port);
  CHECK(settings_of({"--tcp", "1", "--tcp", "2"}).server.tcp_port == 2);
  CHECK(settings_of({"--flavour", "pystatsd"}).server.aggregation.flavour == Flavour::pystatsd);
}

TEST_CASE("statsd_server options: the page for Prometheus, or a refusal by name") {
  if (has_metrics_page) {
    const Settings settings = settings_of({"--prometheus", "127.0.0.1:9102"});
    REQUIRE(settings.prometheus);
    CHECK(to_string(*settings.prometheus) == "127.0.0.1:9102");
    CHECK(settings.server.prometheus);
  } else {
    check_refused({"--prometheus", "127.0.0.1:9102"}, std::string{"--prometheus: "} + no_metrics_page);
  }
}

TEST_CASE("statsd_server options: the flags of pystatsd-server") {
  const Settings all = settings_of({"-n",
                                    "::1",
                                    "-p",
                                    "9",
                                    "-r",
                                    "graphite",
                                    "--graphite-host",
                                    "g",
                                    "--graphite-port",
                                    "2004",
                                    "--flush-interval",
                                    "2500",
                                    "--no-aggregate-counters",
                                    "--global-prefix",
                                    "a",
                                    "--counters-prefix",
                                    "b",
                                    "--timers-prefix",
                                    "c",
                                    "-t",
                                    "95",
                                    "--expire",
                                    "60"});
  CHECK(all.server.address == "::1");
  CHECK(all.server.port == 9);
  CHECK(all.server.graphite == "g:2004");
  CHECK(all.server.flush_interval == std::chrono::milliseconds{2500});
  const AggregatorOptions& sums = all.server.aggregation;
  CHECK(sums.flavour == Flavour::pystatsd);
  CHECK(sums.pystatsd.no_aggregate_counters);
  CHECK(sums.pystatsd.global_prefix == "a");
  CHECK(sums.pystatsd.counters_prefix == "b");
  CHECK(sums.pystatsd.timers_prefix == "c");
  CHECK(sums.pystatsd.pct_threshold == 95);
  CHECK(sums.pystatsd.expire == std::chrono::seconds{60});
  const Settings long_names = settings_of({"--name", "0.0.0.0", "--port", "7", "--transport", "graphite"});
  CHECK(long_names.server.address == "0.0.0.0");
  CHECK(long_names.server.port == 7);
  CHECK(long_names.server.graphite == "localhost:2003");
  CHECK(settings_of({"--graphite-host", "::1"}).server.graphite == "[::1]:2003");
  CHECK(settings_of({"--graphite-port", "9"}).server.graphite == "localhost:9");
  CHECK(settings_of({"-d"}).console);
  CHECK(parsed<Options>({"--debug"}).debug);
}

TEST_CASE("statsd_server options: each of pystatsd's own chooses its flavour, the others do not") {
  const std::vector<Arguments> own{
      {"--no-aggregate-counters"}, {"--global-prefix", "a"}, {"--counters-prefix", "a"},
      {"--timers-prefix", "a"},    {"--pct", "1"},           {"--expire", "1"}};
  for (Arguments arguments : own) {
    const std::string flag = arguments.front();
    CAPTURE(flag);
    CHECK(settings_of(arguments).server.aggregation.flavour == Flavour::pystatsd);
    arguments.insert(arguments.end(), {"--flavour", "statsd"});
    check_refused(arguments, flag + " is of the flavour pystatsd; leave --flavour statsd out");
    arguments.back() = "pystatsd";
    CHECK(settings_of(arguments).server.aggregation.flavour == Flavour::pystatsd);
  }
  CHECK(settings_of({"-p", "1", "-r", "graphite", "-d"}).server.aggregation.flavour == Flavour::statsd);
}

TEST_CASE("statsd_server options: what becomes of the process") {
  CHECK(parsed<Options>({"--check"}).task == Task::check);
  const auto detached = parsed<Options>({"-D", "--log", "a.log", "--pidfile", "b/../c", "--config", "d"});
  CHECK(detached.task == Task::serve);
  CHECK(detached.detach);
  for (const std::string& path : {detached.log, detached.pidfile, detached.config}) {
    CAPTURE(path);
    CHECK(path.starts_with("/"));
    CHECK(path.find("..") == std::string::npos);
  }
  CHECK(parsed<Options>({"--log", "a.log"}).log == "a.log");
  const auto stop = parsed<Options>({"--stop", "--pidfile", "c"});
  CHECK(stop.task == Task::stop);
  CHECK(stop.pidfile == "c");
  const auto restart = parsed<Options>({"--restart", "--pidfile", "c"});
  CHECK(restart.task == Task::restart);
  CHECK(restart.detach);
  CHECK(parsed<Options>({"--restart", "-D", "--pidfile", "c"}).detach);
}

TEST_CASE("statsd_server options: flags that exclude each other are refused by name") {
  const std::vector<Arguments> pairs{{"--listen", "127.0.0.1:1", "--name", "::1"},
                                     {"--listen", "127.0.0.1:1", "--port", "1"},
                                     {"--graphite", "g:1", "--transport", "graphite"},
                                     {"--graphite", "g:1", "--graphite-host", "g"},
                                     {"--graphite", "g:1", "--graphite-port", "1"},
                                     {"--percentile", "1", "--pct", "1"},
                                     {"--check", "--stop"},
                                     {"--check", "--restart"},
                                     {"--check", "--daemon"},
                                     {"--stop", "--restart"},
                                     {"--stop", "--daemon"}};
  for (const Arguments& pair : pairs) {
    const bool is_value = std::strncmp(pair[1], "--", 2) != 0;
    const std::string other = pair[is_value ? 2 : 1];
    check_refused(pair, pair[0] + (" and " + other) + " exclude each other; give one of them");
  }
  check_refused({"--stop"}, "--stop needs --pidfile, which names the process");
  check_refused({"--restart"}, "--restart needs --pidfile, which names the process");
  const auto both = read_settings(parsed<Options>({"--percentile", "1", "--flavour", "pystatsd"}));
  REQUIRE(std::holds_alternative<Complaints>(both));
  CHECK(std::get<Complaints>(both) ==
        Complaints{"--percentile has no effect with the flavour pystatsd; its flag is --pct"});
}

TEST_CASE("statsd_server options: a refusal names the flag, the value and what is right") {
  const std::string listen =
      " is not address:port, as 127.0.0.1:8125, 0.0.0.0:8125 or [::1]:8125, with a port "
      "from 1 to 65535";
  check_refused({"--listen", "8125"}, "--listen: '8125'" + listen);
  check_refused({"-n", "localhost"},
                "--name: 'localhost' is not an IPv4 or IPv6 address, as 127.0.0.1, 0.0.0.0 or ::1");
  check_refused({"-p", "65536"}, "--port: '65536' is not a port from 1 to 65535");
  check_refused({"--tcp", "x"}, "--tcp: 'x' is neither a port from 1 to 65535 nor 'none'");
  check_refused({"--graphite-port", "0"}, "--graphite-port: '0' is not a port from 1 to 65535");
  for (const char* host : {"", "a b", "a/b", "pickle://a"}) {
    CAPTURE(host);
    check_refused({"--graphite-host", host},
                  "--graphite-host: '" + std::string{host} + "' is neither a host's name nor its address");
  }
  for (const char* transport : {"ganglia", "ganglia-gmetric"}) {
    check_refused({"-r", transport}, "--transport: '" + std::string{transport} +
                                         "' is not graphite, the only one here: Ganglia is not written to");
  }
  check_refused({"-t", "0"}, "--pct: '0' is not a whole number from 1 to 100");
  check_refused({"--percentile", "90", "--percentile", "x"},
                "--percentile: 'x' is not a number from -100 to 100");
  check_refused({"--flavour", "etsy"}, "--flavour: 'etsy' is neither statsd nor pystatsd");
  check_refused({"--config", ""}, "--config: '' is not the path of a file");
  const std::string unknown = parsed<UsageError>({"--ganglia-host", "x"}).message;
  CHECK(unknown.starts_with("unknown argument '--ganglia-host'; the flags are --listen, --name, --port, "));
  CHECK(unknown.ends_with(", --restart, --help and --version"));
  CHECK(
      parsed<UsageError>({"--port"}).message.ends_with("; statsd_server --help shows what each flag takes"));
}

TEST_CASE("statsd_server options: --help names every flag, --version the version") {
  const std::string help = parsed<Answer>({"--help"}).text;
  for (const char* flag : {"--listen",
                           "-n,--name",
                           "-p,--port",
                           "--tcp",
                           "--unix",
                           "--admin",
                           "--udp-sockets",
                           "--max-series",
                           "--flush-interval",
                           "--graphite",
                           "--prometheus",
                           "--repeat-to",
                           "--console",
                           "-d,--debug",
                           "-r,--transport",
                           "--graphite-host",
                           "--graphite-port",
                           "--flavour",
                           "--percentile",
                           "--no-aggregate-counters",
                           "--global-prefix",
                           "--counters-prefix",
                           "--timers-prefix",
                           "-t,--pct",
                           "--expire",
                           "--config",
                           "--check",
                           "-D,--daemon",
                           "--log",
                           "--pidfile",
                           "--stop",
                           "--restart"}) {
    CAPTURE(flag);
    CHECK(help.find(flag) != std::string::npos);
  }
  CHECK(parsed<Answer>({"--version"}).text.starts_with("statsd_server "));
}

TEST_CASE("statsd_server options: flags win over the file") {
  const ScratchDirectory directory;
  const std::string file = directory.write(
      "f.toml", "listen = '0.0.0.0:9'\ngraphite = 'g:1'\nflush_interval = 7\npercentiles = [1, 2]\n");
  const char* config = file.c_str();
  const Settings from_file = settings_of({"--config", config, "-r", "graphite"});
  CHECK(from_file.server.address == "0.0.0.0");
  CHECK(from_file.server.graphite == "g:1");  // --transport alone does not say where it is
  CHECK(from_file.server.aggregation.percentiles == std::vector<double>{1, 2});
  const Settings both =
      settings_of({"--port", "10", "--config", config, "--graphite", "none", "--percentile", "5"});
  CHECK(both.server.address == "0.0.0.0");
  CHECK(both.server.port == 10);
  CHECK(both.server.graphite.empty());
  CHECK(both.server.flush_interval == std::chrono::milliseconds{7});
  CHECK(both.server.aggregation.percentiles == std::vector<double>{5});
  const auto refused = read_settings(parsed<Options>({"--config", "/none"}));
  REQUIRE(std::holds_alternative<Complaints>(refused));
  CHECK(std::get<Complaints>(refused) == Complaints{"/none: cannot be read: No such file or directory"});
}
