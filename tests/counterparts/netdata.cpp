// netdata's statsd reports what the client sent, as far as it can say it: read back over its HTTP interface,
// a slot a second.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/loopback.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

/// Only what statsd needs: this machine is not measured, and nothing is asked of or told to any other.
std::string configuration(std::uint16_t port, std::uint16_t web_port, const ScratchDirectory& scratch) {
  std::string text = "[directories]\n";
  for (const char* use : {"config", "stock config", "log", "cache", "lib", "home", "web", "plugins"}) {
    text += std::string{use} + " = " + scratch.path().string() + "\n";
  }
  text += "[logs]\ndebug = none\naccess = none\nerror = stderr\n[db]\nmode = ram\n[plugins]\n";
  for (const char* plugin : {"timex", "idlejitter", "netdata monitoring", "profile", "tc", "diskspace",
                             "proc", "cgroups", "enable running new plugins"}) {
    text += std::string{plugin} + " = no\n";
  }
  text += "[registry]\nenabled = no\n[cloud]\nenabled = no\n[ml]\nenabled = no\n[health]\nenabled = no\n";
  text += "[global]\nrun as user = root\n[web]\nbind to = 127.0.0.1:" + std::to_string(web_port) + "\n";
  text += "[statsd]\nbind to = udp:127.0.0.1\ndefault port = " + std::to_string(port) + "\n";
  return text + "create private charts for metrics matching = *\n";
}

/// The web interface of the daemon.
class Web {
 public:
  explicit Web(std::uint16_t port) : port_{port} {}

  std::uint16_t port() const { return port_; }

  /// The answer to a request; empty when it is no success.
  std::string get(const std::string& path) const {
    RawConnection connection{port_};
    connection.send("GET " + path + " HTTP/1.0\r\n\r\n");
    const std::string answer = connection.read_to_end();
    const std::size_t body = answer.find("\r\n\r\n");
    const bool succeeded = split(answer, ' ').at(1) == "200" && body != std::string::npos;
    return succeeded ? answer.substr(body + 4) : "";
  }

  /// The values of a chart, oldest first, those of one of its dimensions where there are several; none when
  /// the chart is not there yet.
  std::vector<double> values(const std::string& chart, const std::string& dimension = "*") const {
    std::vector<double> values;
    const std::string path = "/api/v1/data?chart=statsd_" + chart + "&dimensions=" + dimension;
    for (const std::string& slot : split(get(path + "&after=-120&format=ssv&options=unaligned"), ' ')) {
      if (!slot.empty() && slot != "null") values.insert(values.begin(), number_of(slot));
    }
    return values;
  }

  double last(const std::string& chart) const { return some(chart, "*").back(); }
  double sum(const std::string& chart) const {
    const std::vector<double> all = some(chart, "*");
    return std::accumulate(all.begin(), all.end(), 0.0);
  }
  /// The extremes of a timer; slots without a call, which are 0, are left out.
  double min(const std::string& timer) const { return std::ranges::min(without_zeros(timer, "min")); }
  double max(const std::string& timer) const { return std::ranges::max(without_zeros(timer, "max")); }

 private:
  std::vector<double> some(const std::string& chart, const std::string& dimension) const {
    std::vector<double> some = values(chart, dimension);
    REQUIRE_MESSAGE(!some.empty(), "netdata did not report " << chart);
    return some;
  }
  std::vector<double> without_zeros(const std::string& timer, const std::string& dimension) const {
    std::vector<double> calls = some(timer, dimension);
    std::erase(calls, 0.0);
    REQUIRE_MESSAGE(!calls.empty(), "netdata did not report a call of " << timer);
    return calls;
  }

  std::uint16_t port_;
};

void wait_for_report(const std::string& what, const std::function<bool()>& condition) {
  const Deadline deadline = soon();
  while (!condition()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "netdata never reported " << what);
    std::this_thread::sleep_for(20ms);
  }
}

void check(const Web& web, const SentLines& sent) {
  CHECK(web.sum("app.hits_counter") == 2);
  CHECK(web.sum("app.down_counter") == -7);
  CHECK(web.sum("app.fractions_counter") == 1);  // 0.75 and 1.5: it cuts each to a whole number
  CHECK(web.sum("app.large_counter") == doctest::Approx(123'456'789'012).epsilon(1e-6));  // seven digits
  CHECK(web.sum("app.halves_counter") == 2 * sent.halves);
  CHECK(web.sum("app.tenths_counter") == 30 * sent.tenths);
  CHECK(web.last("app.depth_gauge") == 40);
  CHECK(web.last("app.below_gauge") == -5.5);
  CHECK(web.last("app.sunk_gauge") == -7);
  CHECK(web.min("app.latency_timer") == 250);
  CHECK(web.max("app.latency_timer") == 12'000);
  CHECK(web.min("app.brief_timer") == 0.25);
  CHECK(web.min("app.sampled_timer") == 40);
  CHECK(web.max("app.sampled_timer") == 40);
  CHECK(web.sum("app.users_set") == 3);
  CHECK(web.sum("app.na_me-with_every_thing_forged_1_c_counter") == 1);
  // It takes lines with tags and leaves the tags out: what they tell apart is one metric.
  CHECK(web.sum("app.hash.hits_counter") == 3 + 4 + 5 + 12 + 2);
  CHECK(web.last("app.hash.depth_gauge") == -5);
  CHECK(web.min("app.hash.latency_timer") == 250);
  CHECK(web.sum("app.hash.users_set") == 2);
  CHECK(web.sum("app.hash.label_counter") == 1);
  CHECK(web.sum("app.hash.forgery_counter") == 1);
  CHECK(web.get("/api/v1/charts").find("statsd_forged") == std::string::npos);
}

}  // namespace

TEST_CASE("netdata: it reports what the client sent") {
  const std::filesystem::path daemon = find_daemon("netdata");
  if (is_missing("netdata", daemon)) return;
  const ScratchDirectory scratch;
  const std::uint16_t port = free_udp_port();
  const Web web{free_tcp_port()};
  scratch.write(".opt-out-from-anonymous-statistics", "");
  ChildProcess netdata{{daemon, "-D", "-P", scratch.path() / "pid", "-c",
                        scratch.write("netdata.conf", configuration(port, web.port(), scratch))}};
  netdata.read_until("listening on 'udp:");
  netdata.read_until("listening on 'tcp:");
  // A slot has just been filled, so that all that follows is in the next one.
  send_marker(port);
  wait_for_report("a gauge", [&] { return !web.values("app.marker_gauge").empty(); });

  send_tagged(port, profiles::etsy, "app.hash");
  const SentLines sent = send_everything(port);
  // It fills the slots of gauges before those of others; when there is a second slot, the first is complete.
  wait_for_report("the end", [&] { return web.values("app.end_gauge").size() >= 2; });
  check(web, sent);
  netdata.signal(SIGTERM);
  CHECK(netdata.wait() == 0);
}
