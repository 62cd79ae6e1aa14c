#include "web_app/report.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace web_app;
using Lines = std::vector<std::string>;
using Seconds = std::chrono::duration<double>;

namespace {

const std::string desktop = "e1fc414efb00462ad25041a21e45e696";  // MD5 of /desktop
const std::string actions = "a6e58883765b9321f1e330f6f005eeea";  // MD5 of /actions

Figures some_figures() {
  Figures figures{"p"};
  figures.take("p.controller_" + desktop + ".requests.count:2|c\np.controller_" + desktop +
               ".requests.timing:1.5|ms:1.5|ms\np.requests.total:5|c");
  figures.take("p.controller_" + actions + ".requests.count:3|c\np.controller_" + actions +
               ".requests.errors:1|c");
  return figures;
}

}  // namespace

TEST_CASE("web_app report: a row for each controller, the busiest first, under its URL or its hash") {
  CHECK(request_lines(some_figures(), {{desktop, "/desktop"}}, Seconds{2.5}) ==
        Lines{"controller                        requests    errors    p50 ms    p90 ms    p99 ms",
              "a6e58883765b9321f1e330f6f005eeea         3         1         -         -         -",
              "/desktop                                 2         0     1.500     1.500     1.500",
              "requests.total 5 in 2.500 s, 2 a second; percentiles are within 1 %"});
}

TEST_CASE("web_app report: what others wrote for a URL can neither break the table nor reach the terminal") {
  const Lines lines =
      request_lines(some_figures(), {{actions, "/\n\x1b[2J"}, {desktop, std::string(200, 'x')}}, Seconds{1});
  REQUIRE(lines.size() == 4);
  CHECK(lines[1].starts_with("/??[2J  "));
  CHECK(lines[2].starts_with(std::string(57, 'x') + "...  "));
}

TEST_CASE("web_app report: nothing at all is a heading and a zero") {
  CHECK(request_lines(Figures{"p"}, {}, Seconds{0}) ==
        Lines{"controller  requests    errors    p50 ms    p90 ms    p99 ms",
              "requests.total 0 in 0.000 s; percentiles are within 1 %"});
  CHECK(user_lines(Figures{"p"}).empty());
}

TEST_CASE("web_app report: values that are left out are said") {
  Figures figures{"p"};
  figures.take("p.requests.total:1|c\nbad");
  const Lines lines = request_lines(figures, {}, Seconds{1});
  CHECK(lines.back() == "1 values could not be read");
}

TEST_CASE("web_app report: what gauges and counters say of users") {
  Figures figures{"p"};
  figures.take("p.users.count:101|g\np.users.active:7|g\np.users.count:1|c\np.users.active:6|c");
  CHECK(user_lines(figures) == Lines{"users.count 101 (created 1), users.active 7 (logins less logouts 6)"});
}

TEST_CASE("web_app report: what was sent, and what was lost, and why") {
  statwire::DeliveryStats stats{.sent = 9, .datagrams = 3};
  CHECK(delivery_line(stats) == "9 samples sent in 3 datagrams, 0 dropped");
  CHECK(delivery_line(stats, 3) == "9 samples sent in 3 datagrams, 0 dropped, none lost on the way");
  CHECK(delivery_line(stats, 4) == "9 samples sent in 3 datagrams, 0 dropped, none lost on the way");
  CHECK(delivery_line(stats, 1) == "9 samples sent in 3 datagrams, 0 dropped, 2 datagrams lost on the way");
  stats.pending = 4;
  stats.dropped_queue_full = 2;
  stats.dropped_send = 1;
  CHECK(delivery_line(stats) ==
        "9 samples sent in 3 datagrams, 3 dropped, 4 never sent; dropped as queue_full 2, send 1");
}
