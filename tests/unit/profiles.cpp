// What leaves depends on the server: how tags are written, what is packed, what is refused.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using namespace statwire;
using namespace statwire::test;
using namespace std::chrono_literals;

TEST_CASE("aggregated: timings and histograms are all sent, packed where the server takes it") {
  MemoryStatsd plain{testing::MemoryTransport{}, manual};
  plain.timing("t", 500ms);
  plain.timing("t", 250us);
  plain.histogram("h", 3.5);
  plain.histogram("h", -1);  // would be a negative timing
  CHECK(flushed(plain) == Lines{"t:500|ms", "t:0.25|ms", "h:3.5|ms"});
  CHECK(plain.stats().dropped_invalid == 1);

  MemoryStatsd packed{testing::MemoryTransport{}, to_datadog};
  packed.timing("t", 500ms);
  packed.timing("t", 250us);
  packed.histogram("h", -1);
  packed.histogram("h", 2);
  packed.distribution("d", 3.5);
  CHECK(flushed(packed) == Lines{"t:500:0.25|ms", "h:-1:2|h", "d:3.5|d"});
  check_settled(packed.stats());
}

TEST_CASE(
    "aggregated: the order of tags makes no other series, a call's tag replaces the scope's and the "
    "client's") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.prefix = "shop", .tags = {{"zone", "eu"}, {"env", "prod"}}, .flush = Flush::manual}};
  statsd.increment("hits", 1, {.tags = {{"route", "/a"}, {"code", "200"}}});
  statsd.increment("hits", 1, {.tags = {{"code", "200"}, {"route", "/a"}}});
  statsd.increment("hits", 1, {.tags = {{"zone", "us"}}});
  auto api = statsd.scope("api", {.tags = {{"zone", "asia"}}});
  api.increment("hits");
  api.increment("hits", 1, {.tags = {{"zone", "us"}}});
  api.scope("v1", {.tags = {{"beta", ""}}}).increment("hits");
  CHECK(flushed(statsd) == Lines{"shop.hits:2|c|#code:200,env:prod,route:/a,zone:eu",
                                 "shop.hits:1|c|#env:prod,zone:us", "shop.api.hits:1|c|#env:prod,zone:asia",
                                 "shop.api.hits:1|c|#env:prod,zone:us",
                                 "shop.api.v1.hits:1|c|#beta:true,env:prod,zone:asia"});
}

TEST_CASE("aggregated: every profile writes tags its own way, and no byte of a tag can leave its place") {
  const auto line_for = [](const Profile& profile) {
    MemoryStatsd statsd{testing::MemoryTransport{}, {.profile = profile, .flush = Flush::manual}};
    statsd.increment("n", 1, {.tags = {{"a:b|c\n", "d:e,f=g;h[i]#j"}, {"label", ""}}});
    return flushed(statsd).at(0);
  };
  const std::string hash = "n:1|c|#a_b_c_:d_e_f_g_h_i__j,label";
  CHECK(line_for(profiles::etsy) == hash + ":true");
  CHECK(line_for(profiles::dogstatsd) == "n:1|c|#a_b_c_:d:e_f=g;h[i]_j,label");
  CHECK(line_for(profiles::vector) == hash);
  CHECK(line_for(profiles::otel) == hash + ":true");
  CHECK(line_for(profiles::statsd_exporter) == hash + ":true");
  CHECK(line_for(profiles::cloudwatch) == hash + ":true");
  CHECK(line_for(profiles::telegraf) == "n,a_b_c_=d_e_f_g_h_i__j,label=true:1|c");
  CHECK(line_for(profiles::graphite) == "n;a_b_c_=d_e_f_g_h_i__j;label=true:1|c");
  CHECK(line_for(profiles::signalfx) == "n[a_b_c_=d_e_f_g_h_i__j,label=true]:1|c");
  CHECK(line_for(profiles::librato) == "n#a_b_c_=d_e_f_g_h_i__j,label=true:1|c");
}

TEST_CASE("aggregated: what a profile cannot express is refused and counted") {
  MemoryStatsd statsd{testing::MemoryTransport{}, {.profile = profiles::otel, .flush = Flush::manual}};
  statsd.set("users", "alice");
  statsd.set("users").insert("alice");
  statsd.event({.title = "deploy"});
  statsd.service_check({.name = "db"});
  MemoryStatsd etsy{testing::MemoryTransport{}, manual};
  etsy.increment("old", 1, {.timestamp = 1'700'000'000});
  CHECK(flushed(statsd).empty());
  CHECK(flushed(etsy).empty());
  CHECK(statsd.stats().dropped_unsupported == 4);
  CHECK(etsy.stats().dropped_unsupported == 1);
  check_settled(statsd.stats());
  check_settled(etsy.stats());
}

TEST_CASE("profiles: only counters and gauges have timestamps; others with one are refused and counted") {
  MemoryStatsd statsd{testing::MemoryTransport{}, to_datadog};
  const MetricOptions past{.timestamp = 1'700'000'000};
  statsd.timing("t", 1ms, past);
  statsd.histogram("h", 1, past);
  statsd.distribution("d", 1, past);
  statsd.set("s", "m", past);
  statsd.gauge("g", 1, past);
  CHECK(flushed(statsd) == Lines{"g:1|g|T1700000000"});
  CHECK(statsd.stats().dropped_unsupported == 4);
}

TEST_CASE("aggregated: samples with a timestamp, events and service checks leave as they are") {
  MemoryStatsd statsd{testing::MemoryTransport{},
                      {.tags = {{"env", "prod"}}, .profile = profiles::dogstatsd, .flush = Flush::manual}};
  statsd.increment("old", 2, {.tags = {{"a", "b"}}, .timestamp = 1'700'000'000});
  statsd.increment("old", 3, {.tags = {{"a", "b"}}, .timestamp = 1'700'000'000});
  statsd.event({.title = "de|ploy",
                .text = "v\n2",
                .timestamp = 7,
                .hostname = "h",
                .aggregation_key = "k",
                .priority = EventPriority::low,
                .source_type = "s",
                .alert_type = AlertType::error,
                .tags = {{"a", "b"}}});
  statsd.service_check({.name = "db", .status = CheckStatus::critical, .message = "m:x\ny"});
  CHECK(flushed(statsd) == Lines{"old:2|c|#env:prod,a:b|T1700000000", "old:3|c|#env:prod,a:b|T1700000000",
                                 "_e{7,4}:de_ploy|v\\n2|d:7|h:h|k:k|p:low|s:s|t:error|#env:prod,a:b",
                                 "_sc|db|2|#env:prod|m:m\\:x\\ny"});
  check_settled(statsd.stats());
}

TEST_CASE("profiles: a negative histogram goes where it is legal, and is dropped and counted elsewhere") {
  MemoryStatsd telegraf{testing::MemoryTransport{}, {.profile = profiles::telegraf, .flush = Flush::manual}};
  telegraf.histogram("h", -1);
  CHECK(flushed(telegraf).empty());
  CHECK(telegraf.stats().dropped_invalid == 1);
  MemoryStatsd otel{testing::MemoryTransport{}, {.profile = profiles::otel, .flush = Flush::manual}};
  otel.histogram("h", -1);
  CHECK(flushed(otel) == Lines{"h:-1|h"});
}

TEST_CASE("profiles: pystatsd's gauges and timings have six decimals, however they are delivered") {
  const auto sent_by = [](Delivery delivery) {
    MemoryStatsd statsd{testing::MemoryTransport{},
                        {.profile = profiles::pystatsd, .delivery = delivery, .flush = Flush::manual}};
    statsd.gauge("g", 42);
    statsd.gauge("negative", -1.5);
    statsd.gauge_delta("change", 3);
    statsd.timing("t", 500ms);
    statsd.gauge("handle").set(0.25);
    statsd.gauge("other").add(-3);
    statsd.timing("latency").record(1ns);
    statsd.increment("hits", 2);
    statsd.flush();
    return statsd.transport().lines();
  };
  const Lines expected{"g:42.000000|g",      "negative:0|g",        "negative:-1.500000|g",
                       "change:+3.000000|g", "t:500.000000|ms",     "handle:0.250000|g",
                       "other:-3.000000|g",  "latency:0.000001|ms", "hits:2|c"};
  CHECK(sent_by(Delivery::immediate) == expected);
  CHECK(sent_by(Delivery::buffered) == expected);
  CHECK(sent_by(Delivery::aggregated) == expected);
}
