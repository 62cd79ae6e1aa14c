// The collector's way to RabbitMQ, against a broker that the tests script: the bytes of the case file, and
// what is published when.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mesos_collector/amqp_connection.hpp"
#include "mesos_collector/amqp_publisher.hpp"
#include "support/amqp_broker.hpp"
#include "support/cases.hpp"
#include "support/child_process.hpp"
#include "support/line_listener.hpp"
#include "support/mesos_amqp.hpp"
#include "support/mesos_log.hpp"

using namespace mesos_collector;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    text += "0123456789abcdef"[byte & 0xf];
  }
  return text;
}

}  // namespace

TEST_CASE("mesos_amqp: the frames of a document are those of the case file, byte for byte") {
  for (const auto& one : load_cases("003_amqp_publish.json")) {
    const AmqpBroker broker;
    MesosLog log;
    AmqpPublisherOptions options = publishing_to(broker.port());
    options.routing_key = one.at("routing_key");
    AmqpPublisher publisher{options, log.log()};
    publisher.publish({.task = "a", .body = one.at("body_utf8")});
    REQUIRE(flush(publisher));
    REQUIRE(broker.published().size() == 1);
    CHECK(hex(broker.published()[0].frames) == one.at("frames_hex"));
    CHECK(log.lines().empty());
  }
}

TEST_CASE("mesos_amqp: a persistent document differs in its delivery mode alone") {
  const AmqpBroker broker;
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(broker.port());
  options.routing_key = "rk";
  options.persistent = true;
  AmqpPublisher publisher{options, log.log()};
  publisher.publish({.task = "a", .body = "{}"});
  REQUIRE(flush(publisher));
  CHECK(hex(broker.published().at(0).frames) ==
        "0100010000000b003c002800000002726b00ce"
        "0200010000000f003c000000000000000000021000"
        "02ce030001000000027b7dce");
}

TEST_CASE("mesos_amqp: it logs in with PLAIN, says what it understands, and asks for confirms on channel 1") {
  const AmqpBroker broker{{.heartbeat_seconds = 600}};  // takes what the client asks for
  AmqpConnection connection{options_of(broker.port()), [](const Confirm&) {}};
  connection.open("asgard.stats");
  const std::string login = broker.last(amqp::connection_start_ok);
  CHECK(contains(login, std::string{"\x05PLAIN\0\0\0\x0c\0user\0secret", 22}));
  for (const char* capability : {"publisher_confirms", "basic.nack", "connection.blocked"}) {
    CHECK(contains(login, capability + std::string{"t\x01"}));
  }
  CHECK(hex(broker.last(amqp::connection_tune_ok)) ==
        "0001"
        "00020000"
        "003c");
  CHECK(broker.last(amqp::connection_open).starts_with("\x06/stats"));
  CHECK(broker.count(amqp::confirm_select) == 1);
  connection.close();
  CHECK(broker.count(amqp::connection_close) == 1);
}

TEST_CASE("mesos_amqp: a document longer than a frame goes in several") {
  const AmqpBroker broker;
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  const std::string body(1'000'000, 'x');
  publisher.publish({.task = "a", .body = body});
  REQUIRE(flush(publisher));
  CHECK(broker.published().at(0).body == body);
}

TEST_CASE(
    "mesos_amqp: documents arrive once and in order, over one connection, and the log has nothing to say") {
  const AmqpBroker broker;
  MesosLog log;
  {
    AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
    publish(publisher, 1, 5000);
    REQUIRE(flush(publisher));
    const AmqpStats stats = publisher.stats();
    CHECK(stats.published == 5000);
    CHECK(stats.confirmed == 5000);
    CHECK(stats.retried == 0);
    CHECK(stats.dropped == 0);
    CHECK(stats.waiting == 0);
  }
  CHECK(broker.bodies() == numbers(1, 5000));
  CHECK(broker.connection_count() == 1);
  CHECK(broker.count(amqp::connection_close) == 1);
  CHECK(log.lines().empty());
}

TEST_CASE("mesos_amqp: no more than a window of documents is under way") {
  AmqpBroker broker{{.on_publish = [](const AmqpPublished& published) {
    return published.tag == 1 ? take(published) : AmqpAnswer{};
  }}};
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(broker.port());
  options.window = 10;
  AmqpPublisher publisher{options, log.log()};
  publish(publisher, 1, 26);
  wait_until("a window", [&] { return broker.published().size() >= 11; });
  CHECK_FALSE(publisher.flush(100ms));
  CHECK(broker.published().size() == 11);
  broker.send(amqp::ack(6, true));
  wait_until("some more", [&] { return broker.published().size() >= 16; });
  CHECK(publisher.stats().confirmed == 6);
  CHECK(publisher.stats().waiting == 20);
  broker.send(amqp::ack(16, true));
  wait_until("the last", [&] { return broker.published().size() == 26; });
  broker.send(amqp::ack(0, true));
  REQUIRE(flush(publisher));
  CHECK(broker.bodies() == numbers(1, 26));
}

TEST_CASE("mesos_amqp: a confirm that comes in pieces is one") {
  AmqpBroker broker{{.on_publish = [](const AmqpPublished&) { return AmqpAnswer{}; }}};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  publish(publisher, 1, 1);
  wait_until("the document", [&] { return broker.published().size() == 1; });
  const std::string confirm = amqp::ack(1);
  for (const char byte : confirm) broker.send(std::string{byte});
  CHECK(flush(publisher));
}

TEST_CASE("mesos_amqp: a document that is refused comes again, and the log says so") {
  const AmqpBroker broker{{.on_publish = [](const AmqpPublished& published) {
    if (published.body == "2" && published.tag == 3) return AmqpAnswer{.bytes = amqp::nack(3)};
    return take(published);
  }}};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  begin(publisher);
  publish(publisher, 1, 2);
  REQUIRE(flush(publisher));
  CHECK(broker.bodies() == Texts{"first", "1", "2", "2"});
  CHECK(retries(log) == Texts{"task 2"});
  CHECK(publisher.stats().retried == 1);
  REQUIRE(log.count("publish") == 1);
  CHECK(contains(reason_of(log.lines_of("publish")[0]), "refused"));
  wait_until("all well", [&] { return log.count("publish_resumed") == 1; });
}

TEST_CASE("mesos_amqp: all that were refused come again, in their order") {
  const AmqpBroker broker{{.on_publish = [](const AmqpPublished& published) {
    if (published.tag > 4) return take(published);
    if (published.tag == 4) return AmqpAnswer{.bytes = amqp::nack(4, true)};
    return published.tag == 1 ? take(published) : AmqpAnswer{};
  }}};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  begin(publisher);
  publish(publisher, 1, 3);
  REQUIRE(flush(publisher));
  CHECK(broker.bodies() == Texts{"first", "1", "2", "3", "1", "2", "3"});
  CHECK(retries(log) == Texts{"task 1", "task 2", "task 3"});
}

TEST_CASE("mesos_amqp: a broker that refuses everything is asked with one document, ever less often") {
  const AmqpBroker broker{{.on_publish = [](const AmqpPublished& published) {
    return AmqpAnswer{.bytes = amqp::nack(published.tag)};
  }}};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  publish(publisher, 1, 3);
  wait_until("some tries", [&] { return broker.published().size() >= 5; });
  CHECK(log.count("publish") == 1);
  for (const std::string& body : broker.bodies()) CHECK(body == "1");
}

TEST_CASE("mesos_amqp: what was refused waits before it is sent again") {
  const AmqpBroker broker{{.on_publish = [](const AmqpPublished& published) {
    return AmqpAnswer{.bytes = amqp::nack(published.tag)};
  }}};
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(broker.port());
  options.shortest_backoff = options.longest_backoff = 1h;
  AmqpPublisher publisher{options, log.log()};
  publish(publisher, 1, 2);
  wait_until("the log to say so", [&] { return log.count("publish") == 1; });
  CHECK_FALSE(publisher.flush(100ms));
  CHECK(broker.bodies() == Texts{"1"});
}

TEST_CASE("mesos_amqp: while the broker takes nothing, nothing is sent") {
  AmqpBroker broker;
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  begin(publisher);
  broker.send(amqp::blocked("low on memory"));
  wait_until("the log to say so", [&] { return log.count("publish") == 1; });
  CHECK(reason_of(log.lines()[0]) == "the broker takes nothing for now: low on memory");
  publish(publisher, 1, 3);
  CHECK_FALSE(publisher.flush(100ms));
  CHECK(broker.bodies() == Texts{"first"});
  broker.send(amqp::unblocked());
  REQUIRE(flush(publisher));
  CHECK(broker.bodies() == Texts{"first", "1", "2", "3"});
  wait_until("all well", [&] { return log.count("publish_resumed") == 1; });
  CHECK(log.lines().size() == 2);
}

TEST_CASE("mesos_amqp: a full queue drops the oldest, and says so once until half of it has left") {
  const std::uint16_t port = free_tcp_port();
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(port);
  options.queue_capacity = 4;
  AmqpPublisher publisher{options, log.log()};
  publish(publisher, 1, 10);
  CHECK(log.count("publish_dropped") == 1);
  CHECK(log.lines_of("publish_dropped")[0].at("queue_capacity") == 4);
  CHECK(log.lines_of("publish_dropped")[0].at("dropped") == 1);
  AmqpStats stats = publisher.stats();
  CHECK(stats.dropped == 6);
  CHECK(stats.waiting == 4);
  wait_until("a try", [&] { return log.count("publish") == 1; });
  std::optional<AmqpBroker> broker{std::in_place, AmqpScript{}, port};
  REQUIRE(flush(publisher));
  CHECK(broker->bodies() == numbers(7, 10));
  wait_until("all well", [&] { return log.count("publish_resumed") == 1; });
  CHECK(log.lines_of("publish_resumed")[0].at("dropped") == 6);
  broker.reset();
  publish(publisher, 11, 20);
  CHECK(log.count("publish_dropped") == 2);
  CHECK(log.lines_of("publish_dropped")[1].at("dropped") >= 7);
  stats = publisher.stats();
  CHECK(stats.published == 20);
  CHECK(stats.confirmed + stats.dropped + stats.waiting == 20);
}

TEST_CASE("mesos_amqp: many threads may publish at once") {
  const AmqpBroker broker;
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  constexpr int threads = 4;
  constexpr int each = 300;
  std::vector<std::thread> publishing;
  for (int thread = 0; thread < threads; ++thread) {
    publishing.emplace_back([&, thread] {
      for (int i = 0; i < each; ++i) {
        publisher.publish({.task = "a", .body = std::to_string(thread) + " " + std::to_string(1000 + i)});
        if (i % 50 == 0) publisher.stats();
      }
    });
  }
  for (std::thread& thread : publishing) thread.join();
  REQUIRE(flush(publisher));
  Texts bodies = broker.bodies();
  CHECK(bodies.size() == threads * each);
  for (int thread = 0; thread < threads; ++thread) {
    Texts of_one;
    std::copy_if(bodies.begin(), bodies.end(), std::back_inserter(of_one),
                 [&](const std::string& body) { return body.starts_with(std::to_string(thread) + " "); });
    CHECK(of_one.size() == each);
    CHECK(std::is_sorted(of_one.begin(), of_one.end()));
  }
}

TEST_CASE("mesos_amqp: names that AMQP cannot carry are refused at once") {
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(1);
  options.routing_key = std::string(256, 'k');
  CHECK_THROWS_AS(AmqpPublisher(options, log.log()), std::invalid_argument);
  options = publishing_to(1);
  options.broker.vhost = std::string(256, 'v');
  CHECK_THROWS_AS(AmqpPublisher(options, log.log()), std::invalid_argument);
  options = publishing_to(1);
  options.broker.heartbeat = 65536s;
  CHECK_THROWS_AS(AmqpPublisher(options, log.log()), std::invalid_argument);
}
