// Runs statsd_server as a user would: in the foreground, in the background, with a configuration.

#include <ostream>

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "statwire/server/statsd_server.hpp"
#include "statwire/statsd.hpp"
#include "support/child_process.hpp"
#include "support/daemon.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

#ifdef STATWIRE_HAVE_HTTP
#include "statwire/detail/httplib.hpp"
#endif

using namespace statwire;
using namespace statwire::test;

namespace {

const std::string program = example_path("statsd_server");
constexpr const char* never = "1h";  // flushes only at its end

std::string at(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// A daemon without an admin port, unless told otherwise.
struct Daemon : DaemonProcess {
  explicit Daemon(std::vector<std::string> flags = {"--admin", "none"})
      : DaemonProcess{"statsd_server", std::move(flags), free_udp_port()} {}
};

std::pair<int, std::string> run(std::vector<std::string> flags) {
  return run_example("statsd_server", std::move(flags));
}

void count_three(std::uint16_t port) {
  StatsdClient statsd{"127.0.0.1", port, {.flush = Flush::manual}};
  statsd.increment("hits", 3);
  statsd.flush();
}

/// Whether a listener got a line that begins so, in one of its connections.
bool has_line(const LineListener& listener, const std::string& begin) {
  for (std::size_t i = 0; i < listener.connection_count(); ++i) {
    for (const std::string& line : listener.lines(i)) {
      if (line.starts_with(begin)) return true;
    }
  }
  return false;
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

/// Whether a process runs: it may have ended, and wait for init to hear of it.
bool is_running(const std::string& pid) {
  const std::string stat = content("/proc/" + std::to_string(std::stoi(pid)) + "/stat");
  return !stat.empty() && stat.find(") Z ") == std::string::npos;
}

/// Ends a daemon in the background, where a test did not come to do so.
class Stopper {
 public:
  explicit Stopper(std::string pidfile) : pidfile_{std::move(pidfile)} {}
  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;
  ~Stopper() {
    if (std::filesystem::exists(pidfile_)) run({"--stop", "--pidfile", pidfile_});
  }

 private:
  std::string pidfile_;
};

}  // namespace

TEST_CASE("statsd_server: at either signal the last flush goes out, and it ends with status 0") {
  for (const int signal : {SIGTERM, SIGINT}) {
    LineListener graphite;
    Daemon daemon{{"--admin", "none", "--flush-interval", never, "--graphite", at(graphite.port())}};
    CHECK(daemon.output() == "statsd_server: listening on " + at(daemon.port()) +
                                 "; flushing every 3600 s to " + at(graphite.port()) + "\n");
    count_three(daemon.port());
    CHECK(daemon.end(signal) == 0);
    CHECK(has_line(graphite, "stats_counts.hits 3 "));
    const std::string last = split(daemon.output(), '\n').at(1);
    CHECK(last.starts_with("statsd_server: stopped after 1 packets, 1 lines, 1 flushes, "));
    CHECK(last.ends_with(" points sent to Graphite"));
  }
}

TEST_CASE("statsd_server: flags of pystatsd-server have it flush as that does") {
  LineListener graphite;
  const std::string port = std::to_string(free_udp_port());
  ChildProcess process{{program, "-n", "127.0.0.1", "-p", port, "--admin", "none", "--graphite-host",
                        "127.0.0.1", "--graphite-port", std::to_string(graphite.port()), "--flush-interval",
                        "3600000", "--no-aggregate-counters", "--counters-prefix", "mine", "-d"}};
  process.read_until(" and to the console, as pystatsd\n");
  count_three(static_cast<std::uint16_t>(std::stoi(port)));
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
  CHECK(has_line(graphite, "mine.hits 3"));
  CHECK(process.output().find("\nmine.hits 3.0 ") != std::string::npos);
}

TEST_CASE("statsd_server: every way in is named, and open") {
  const ScratchDirectory directory;
  const std::string path = directory.path() / "socket";
  const auto tcp = free_tcp_port();
  const auto admin = free_tcp_port();
  Daemon daemon{{"--tcp", std::to_string(tcp), "--unix", path, "--admin", at(admin)}};
  CHECK(daemon.output() == "statsd_server: listening on " + at(daemon.port()) + ", tcp " + at(tcp) +
                               ", unix " + path + ", admin " + at(admin) +
                               "; flushing every 10 s to nowhere\n");
  RawConnection operations{admin};
  operations.send("health\n");
  operations.expect("health: up\n");
  RawConnection lines{tcp};
  CHECK(std::filesystem::is_socket(path));
  CHECK(daemon.end(SIGTERM) == 0);
}

#ifdef STATWIRE_HAVE_HTTP
TEST_CASE("statsd_server: Prometheus gets a page, and nothing else") {
  const auto port = free_tcp_port();
  Daemon daemon{{"--admin", "none", "--prometheus", at(port)}};
  CHECK(daemon.output().find(", metrics at http://" + at(port) + "/metrics; ") != std::string::npos);
  count_three(daemon.port());
  httplib::Client client{"127.0.0.1", port};
  wait_until("the page holds what was sent", [&] {
    const auto page = client.Get("/metrics");
    REQUIRE(page);
    CHECK(page->status == 200);
    CHECK(page->get_header_value("Content-Type").starts_with("text/plain; version=0.0.4"));
    return page->body.find("hits") != std::string::npos;
  });
  const auto other = client.Get("/");
  REQUIRE(other);
  CHECK(other->status == 404);
  RawConnection silent{port};  // does not keep it from ending
  CHECK(daemon.end(SIGTERM) == 0);
}
#endif

TEST_CASE("statsd_server: an address that others reach comes with a warning of what they may do") {
  const std::string port = std::to_string(free_udp_port());
  const auto admin = std::to_string(free_tcp_port());
  ChildProcess process{{program, "--listen", "0.0.0.0:" + port, "--admin", "0.0.0.0:" + admin}};
  CHECK(process.read_until("\n") ==
        "statsd_server: listening on 0.0.0.0:" + port + ", admin 0.0.0.0:" + admin +
            "; flushing every 10 s to nowhere; WARNING: there is no password, whoever "
            "reaches it may write and delete metrics\n");
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("statsd_server: a hangup has it read its configuration again, and what is wrong changes nothing") {
  const ScratchDirectory directory;
  LineListener graphite;
  const std::string to_graphite = "graphite = '" + at(graphite.port()) + "'\n";
  const std::string file = directory.write("f.toml", "flush_interval = '20ms'\n");
  const std::string port = std::to_string(free_udp_port());
  ChildProcess process{{program, "--listen", "127.0.0.1:" + port, "--admin", "none", "--config", file}};
  process.read_until("flushing every 20 ms to nowhere\n");
  StatsdClient statsd{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(port)), {.flush = Flush::manual}};
  statsd.gauge("depth", 3);
  statsd.flush();
  const auto hang_up = [&](const std::string& text, const std::string& answer) {
    directory.write("f.toml", text);
    const std::size_t before = process.output().size();
    process.signal(SIGHUP);
    process.read_until(answer, before);
  };
  const std::string kept = "statsd_server: the settings stay as they were\n";
  hang_up("flush_interval = 0\n" + to_graphite, kept);
  CHECK(process.output().find("statsd_server: " + file + ":1:18: flush_interval: '0' is not a duration") !=
        std::string::npos);
  hang_up("", kept);
  hang_up("tcp = 1\n", kept);  // where it listens changes with a start only
  hang_up("flush_interval = '30ms'\n" + to_graphite, "statsd_server: read " + file +
                                                         " again: flushing every 30 ms to " +
                                                         at(graphite.port()) + ", from the next flush on\n");
  // What came under the old settings is still there.
  wait_until("Graphite gets the gauge", [&] { return has_line(graphite, "stats.gauges.depth 3 "); });
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("statsd_server: a hangup without a configuration ends nothing, not even under nohup") {
  ChildProcess process{{"nohup", program, "--listen", at(free_udp_port()), "--admin", "none"}};
  process.read_until("listening on");
  process.signal(SIGHUP);
  process.read_until("statsd_server: there is no configuration to read again\n");
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("statsd_server: --check says whether all is fine, and opens nothing") {
  const ScratchDirectory directory;
  const std::string file = directory.write("f.toml", "max_series = 7\n");
  Daemon other;  // has the port
  CHECK(run({"--check", "--listen", at(other.port()), "--config", file}) ==
        std::pair{0, std::string{"statsd_server: configuration is fine\n"}});
  directory.write("f.toml", "max_series = 0\nudp_sockets = 0\n");
  const auto [status, output] = run({"--check", "--config", file});
  CHECK(status == 1);
  CHECK(split(output, '\n') ==
        std::vector<std::string>{
            "statsd_server: " + file + ":1:14: max_series: '0' is not a number from 1 to 1000000000",
            "statsd_server: " + file + ":2:15: udp_sockets: '0' is not a number from 1 to 256", ""});
}

TEST_CASE(
    "statsd_server: in the background it has a pidfile and a log, and is stopped and restarted by name") {
  const ScratchDirectory directory;
  const std::string pidfile = directory.path() / "pid";
  const std::string log = directory.path() / "log";
  const Stopper stopper{pidfile};
  const std::string address = at(free_udp_port());
  const std::vector<std::string> flags{"--listen",  address, "--admin", "none",
                                       "--pidfile", pidfile, "--log",   log};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), flags.begin(), flags.end());
    return run(std::move(more));
  };
  const std::string started = "statsd_server: listening on " + address + "; flushing every 10 s to nowhere\n";
  CHECK(with({"-D"}) == std::pair{0, started});
  const std::string first = content(pidfile);
  CHECK(is_running(first));
  CHECK(first == std::to_string(std::stoi(first)) + "\n");
  CHECK(::getsid(std::stoi(first)) != ::getsid(0));
  CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(std::stoi(first)) + "/cwd") == "/");

  const std::string line =
      "statsd_server: pidfile '" + pidfile + "' names process " + std::to_string(std::stoi(first));
  CHECK(with({"-D"}) == std::pair{1, line + ", which is running\n"});
  CHECK(content(pidfile) == first);

  const auto [status, output] = with({"--restart"});
  CHECK(status == 0);
  CHECK(output == "statsd_server: stopped process " + first + started);
  const std::string second = content(pidfile);
  CHECK(second != first);
  CHECK_FALSE(is_running(first));

  CHECK(run({"--stop", "--pidfile", pidfile}) == std::pair{0, "statsd_server: stopped process " + second});
  CHECK_FALSE(is_running(second));
  CHECK_FALSE(std::filesystem::exists(pidfile));
  CHECK(run({"--stop", "--pidfile", pidfile}) ==
        std::pair{1, "statsd_server: pidfile '" + pidfile + "' is not there, so there is nothing to stop\n"});
  const std::string stopped = "statsd_server: stopped after 0 packets, 0 lines, 1 flushes\n";
  CHECK(content(log) == started + stopped + started + stopped);
  CHECK(std::distance(std::filesystem::directory_iterator{directory.path()}, {}) == 1);  // the log
}

TEST_CASE("statsd_server: in the background, what keeps it from starting is told to who started it") {
  Daemon other;
  const auto [status, output] = run({"-D", "--listen", at(other.port()), "--admin", "none"});
  CHECK(status == 1);
  CHECK(output.starts_with("statsd_server: statwire: StatsD server on UDP '127.0.0.1' port "));
  CHECK(
      run({"-D", "--log", "/none/log", "--listen", at(free_udp_port()), "--admin", "none"}) ==
      std::pair{1, std::string{"statsd_server: '/none/log' cannot be written: No such file or directory\n"}});
  CHECK(run({"-D", "--config", "/none"}).first == 1);
}

TEST_CASE("statsd_server: a hangup opens the log again, which was moved") {
  const ScratchDirectory directory;
  const std::string log = directory.path() / "log";
  const std::string old_log = directory.path() / "old";
  ChildProcess process{{program, "--listen", at(free_udp_port()), "--admin", "none", "--log", log}};
  wait_until("the log says that it listens",
             [&] { return content(log).find("listening") != std::string::npos; });
  std::filesystem::rename(log, old_log);
  process.signal(SIGHUP);
  wait_until("there is another log", [&] { return content(log).ends_with("to read again\n"); });
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
  CHECK(split(content(old_log), '\n').size() == 2);
  CHECK(split(content(log), '\n').size() == 3);
}

TEST_CASE(
    "statsd_server: a pidfile is replaced when its process is gone, and left alone when it is no pidfile") {
  const ScratchDirectory directory;
  const auto start = [&](const std::string& pidfile) {
    return run({"--listen", "192.0.2.1:1", "--admin", "none", "--pidfile", pidfile})
        .second;  // not an address here
  };
  ChildProcess gone{{"true"}};
  const std::string own = directory.write("own", std::to_string(::getpid()) + "\n");
  CHECK(start(own) == "statsd_server: pidfile '" + own + "' names process " + std::to_string(::getpid()) +
                          ", which is running; remove the file if that is something else\n");
  CHECK(run({"--stop", "--pidfile", own}) ==
        std::pair{1, "statsd_server: pidfile '" + own + "' names process " + std::to_string(::getpid()) +
                         ", which is no server that runs; there is nothing to stop\n"});
  for (const char* text : {"", "x", "0", "-1", "1 2", "99999999999"}) {
    CAPTURE(text);
    const std::string other = directory.write("other", text);
    const std::string refusal =
        "statsd_server: pidfile '" + other + "' holds no process id, so it is left alone\n";
    CHECK(start(other) == refusal);
    CHECK(run({"--stop", "--pidfile", other}) == std::pair{1, refusal});
    CHECK(content(other) == text);
  }
  const std::string stale = directory.write("stale", "2147483647\n");  // beyond every id
  CHECK(start(stale).find("pidfile") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(stale));
  CHECK(start("/none/pid") ==
        "statsd_server: pidfile '/none/pid' cannot be written: No such file or directory\n");
  CHECK(std::distance(std::filesystem::directory_iterator{directory.path()}, {}) == 2);
}

TEST_CASE("statsd_server: it says once when Graphite takes nothing, and once when it does again") {
  const std::uint16_t graphite = free_tcp_port();
  const std::string port = std::to_string(free_udp_port());
  ChildProcess process{{program, "--listen", "127.0.0.1:" + port, "--admin", "none", "--flush-interval",
                        "20ms", "--graphite", at(graphite)}};
  process.read_until("statsd_server: Graphite took no flush: Connection refused; ");
  const LineListener listener{graphite};
  process.read_until("statsd_server: Graphite takes flushes again\n");
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("statsd_server: help and version are answers, a usage error one line and status 2") {
  CHECK(run({"--help"}).first == 0);
  CHECK(run({"--version"}).first == 0);
  const auto [status, output] = run({"--listen", "now\nhere"});
  CHECK(status == 2);
  CHECK(output.starts_with("statsd_server: --listen: 'now?here' is not address:port"));
  CHECK(split(output, '\n').size() == 2);
  CHECK(run({"-p", "1", "--listen", "127.0.0.1:1"}).first == 2);
}

TEST_CASE("statsd_server: a port that is taken is one line and status 1") {
  Daemon other;
  const auto [status, output] = run({"--listen", at(other.port()), "--admin", "none"});
  CHECK(status == 1);
  CHECK(output.starts_with("statsd_server: statwire: StatsD server on UDP '127.0.0.1' port " +
                           std::to_string(other.port()) + ": "));
  CHECK(split(output, '\n').size() == 2);
}
