#pragma once

// What the tests against real servers share: finding a server that may not be installed, and one run of
// calls that every server is given, so that only what each of them makes of it differs.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "statwire/statsd.hpp"
#include "support/text.hpp"

namespace statwire::test {

/// Where a daemon is: in PATH or, as Debian's daemons are, in /usr/sbin. Empty when it is not installed.
inline std::filesystem::path find_daemon(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(std::string{path != nullptr ? path : ""} + ":/usr/sbin", ':')) {
    const std::filesystem::path candidate = std::filesystem::path{folder} / name;
    std::error_code unreadable;
    if (std::filesystem::is_regular_file(candidate, unreadable)) return candidate;
  }
  return {};
}

/// Whether a server has to be done without; says so, which makes the test count as skipped.
inline bool is_missing(const std::string& server, const std::filesystem::path& program) {
  if (std::filesystem::exists(program)) return false;
  MESSAGE("SKIPPED: " << server << " is not installed; ./scripts/setup.sh --counterparts installs it");
  return true;
}

/// Sends a gauge, `app.marker`, whose report tells a test how far a server has come.
inline void send_marker(std::uint16_t port) {
  StatsdClient statsd{
      "127.0.0.1", port, {.prefix = "app", .delivery = Delivery::buffered, .flush = Flush::manual}};
  statsd.gauge("marker", 1);
  statsd.flush();
}

/// What left of the calls that were sampled, and in all.
struct SentLines {
  std::uint64_t halves = 0;   ///< Of 1000 calls of a counter at a rate of 0.5.
  std::uint64_t tenths = 0;   ///< Of 1000 calls of a counter at a rate of 0.1.
  std::uint64_t timings = 0;  ///< Of 100 calls of a timing at a rate of 0.5.
  std::uint64_t all = 0;      ///< Lines of every kind.
};

/// Everything that a client sends, many times the limit of a datagram in one go, and few enough bytes for any
/// receive buffer. The gauge `app.end` is sent last.
inline SentLines send_everything(std::uint16_t port) {
  StatsdClient statsd{
      "127.0.0.1",
      port,
      {.prefix = "app", .delivery = Delivery::buffered, .max_packet_bytes = 512, .flush = Flush::manual}};
  const auto sent_of = [&](int calls, auto&& call) {
    const std::uint64_t before = statsd.stats().sampled_out;
    for (int i = 0; i < calls; ++i) call();
    return static_cast<std::uint64_t>(calls) - (statsd.stats().sampled_out - before);
  };
  SentLines sent;
  using namespace std::chrono_literals;
  statsd.increment("hits", 3);
  statsd.increment("hits");
  statsd.decrement("hits", 2);
  statsd.decrement("down", 7);
  statsd.increment("fractions", 0.75);
  statsd.increment("fractions", 1.5);
  statsd.increment("large", 123'456'789'012);
  sent.halves = sent_of(1000, [&] { statsd.increment("halves", 1, {.rate = 0.5}); });
  sent.tenths = sent_of(1000, [&] { statsd.increment("tenths", 3, {.rate = 0.1}); });
  statsd.gauge("depth", 42);
  statsd.gauge_delta("depth", 5);
  statsd.gauge_delta("depth", -7);
  statsd.gauge("below", 8);
  statsd.gauge("below", -5.5);
  statsd.gauge("sunk", 3);
  statsd.gauge_delta("sunk", -10);
  statsd.timing("latency", 250ms);
  statsd.timing("latency", 12s);
  statsd.timing("brief", 250us);
  sent.timings = sent_of(100, [&] { statsd.timing("sampled", 40ms, {.rate = 0.5}); });
  statsd.set("users", "alice");
  statsd.set("users", "alice");
  statsd.set("users", "b:o|b\nforged:1|c");
  statsd.set("users", 17);
  statsd.increment("na me/with:every|thing\nforged:1|c");
  statsd.gauge("end", 1);
  statsd.flush();
  const DeliveryStats stats = statsd.stats();
  REQUIRE(stats.sent + stats.sampled_out == stats.accepted);
  // One in two, one in ten: too few or too many once in a thousand million runs.
  CHECK((sent.halves > 400 && sent.halves < 600));
  CHECK((sent.tenths > 40 && sent.tenths < 160));
  sent.all = stats.sent + 1;  // a negative gauge is two lines
  return sent;
}

/// Calls with tags, written as a profile does, of metrics whose names begin with `prefix`. Returns how many
/// lines they are, all of them with tags but the last.
inline std::uint64_t send_tagged(std::uint16_t port, const Profile& profile, const std::string& prefix) {
  using namespace std::chrono_literals;
  StatsdClient statsd{"127.0.0.1",
                      port,
                      {.prefix = prefix,
                       .profile = profile,
                       .delivery = Delivery::buffered,
                       .flush = Flush::manual,
                       .random = []() noexcept -> std::uint64_t { return 0; }}};  // leaves no sample out
  statsd.increment("hits", 3, {.tags = {{"route", "/a"}, {"code", "200"}}});
  statsd.increment("hits", 4, {.tags = {{"code", "200"}, {"route", "/a"}}});
  statsd.increment("hits", 5, {.tags = {{"route", "/b"}}});
  statsd.increment("hits", 6, {.tags = {{"route", "/b"}}, .rate = 0.5});
  statsd.gauge("depth", 42, {.tags = {{"route", "/a"}}});
  statsd.gauge("depth", -5, {.tags = {{"route", "/b"}}});
  statsd.timing("latency", 250ms, {.tags = {{"route", "/a"}}, .rate = 0.5});
  statsd.set("users", "alice", {.tags = {{"route", "/a"}}});
  statsd.set("users", "bob", {.tags = {{"route", "/a"}}});
  statsd.increment("label", 1, {.tags = {{"canary", ""}}});
  statsd.increment("forgery", 1, {.tags = {{"k|c\nforged:1|c", "v,x:y;z=1|@0.1"}}});
  statsd.increment("hits", 2);
  statsd.flush();
  const DeliveryStats stats = statsd.stats();
  REQUIRE(stats.sent == stats.accepted);
  return stats.sent + 1;  // a negative gauge is two lines
}

}  // namespace statwire::test
