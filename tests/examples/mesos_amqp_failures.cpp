// What the collector makes of a RabbitMQ that dies, ends the connection, falls silent or reads nothing; the
// tests script it.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "mesos_collector/amqp_publisher.hpp"
#include "support/amqp_broker.hpp"
#include "support/child_process.hpp"
#include "support/line_listener.hpp"
#include "support/mesos_amqp.hpp"
#include "support/mesos_log.hpp"

using namespace mesos_collector;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

using Then = AmqpAnswer::Then;

}  // namespace

TEST_CASE(
    "mesos_amqp: what a broker had not confirmed when it died comes again, in order, and nothing else does") {
  std::optional<AmqpBroker> broker{AmqpScript{.on_publish = [](const AmqpPublished& published) {
    return published.tag <= 3 ? take(published) : AmqpAnswer{};
  }}};
  const std::uint16_t port = broker->port();
  MesosLog log;
  AmqpPublisher publisher{publishing_to(port), log.log()};
  begin(publisher);
  publish(publisher, 1, 6);
  wait_until("documents without confirm", [&] { return broker->published().size() == 7; });
  wait_until("confirms", [&] { return publisher.stats().confirmed == 3; });
  broker.reset();
  wait_until("the log to say so", [&] { return log.count("publish") >= 1; });
  publish(publisher, 7, 8);
  broker.emplace(AmqpScript{}, port);
  REQUIRE(flush(publisher));
  CHECK(broker->bodies() == numbers(3, 8));
  CHECK(retries(log) == Texts{"task 3", "task 4", "task 5", "task 6"});
  CHECK(publisher.stats().retried == 4);
  CHECK(publisher.stats().confirmed == 9);
  wait_until("all well", [&] { return log.count("publish_resumed") == 1; });
  const auto line = log.lines_of("publish")[0];
  CHECK(line.at("rabbitmq") == "127.0.0.1:" + std::to_string(port));
}

TEST_CASE("mesos_amqp: what a broker confirmed before it ended the connection does not come again") {
  std::string end;
  auto then = Then::go_on;
  SUBCASE("with a reason") {
    end = amqp::close(0, 320, "CONNECTION_FORCED");
  }
  SUBCASE("without one") {
    then = Then::hang_up;
  }
  SUBCASE("of the channel") {
    end = amqp::close(1, 406, "PRECONDITION_FAILED");
  }
  const AmqpBroker broker{{.on_publish = [&](const AmqpPublished& published) {
    if (published.connection != 1 || published.tag == 1) return take(published);
    if (published.tag < 4) return AmqpAnswer{};
    return AmqpAnswer{.bytes = amqp::ack(2) + amqp::ack(4) + end, .then = then};
  }}};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  begin(publisher);
  publish(publisher, 1, 3);
  REQUIRE(flush(publisher));
  CHECK(broker.bodies() == Texts{"first", "1", "2", "3", "2"});
  CHECK(retries(log) == Texts{"task 2"});
  CHECK(publisher.stats().confirmed == 4);
}

TEST_CASE("mesos_amqp: documents wait for a queue that is not there, which is one line, until it is made") {
  std::optional<AmqpBroker> broker{
      AmqpScript{.instead = {{amqp::queue_declare, {.bytes = amqp::close(1, 404, "NOT_FOUND - no queue")}}}}};
  const std::uint16_t port = broker->port();
  MesosLog log;
  AmqpPublisher publisher{publishing_to(port), log.log()};
  publish(publisher, 1, 3);
  wait_until("some tries, each with a goodbye", [&] { return broker->count(amqp::connection_close) >= 3; });
  CHECK(publisher.stats().waiting == 3);
  CHECK(broker->bodies().empty());
  REQUIRE(log.lines().size() == 1);
  CHECK(reason_of(log.lines()[0]) == "cannot publish to the queue 'asgard.stats': 404 NOT_FOUND - no queue");
  broker.reset();
  broker.emplace(AmqpScript{}, port);
  REQUIRE(flush(publisher));
  CHECK(broker->bodies() == numbers(1, 3));
  CHECK(log.count("publish_retry") == 0);
  wait_until("all well", [&] { return log.count("publish_resumed") == 1; });
}

TEST_CASE("mesos_amqp: many refusals at once are followed by one pause, the shortest") {
  const AmqpBroker broker{{.on_publish = [](const AmqpPublished& published) {
    if (published.tag == 1 || published.tag > 21) return take(published);
    AmqpAnswer answer;
    for (std::uint64_t tag = 2; published.tag == 21 && tag <= 21; ++tag) answer.bytes += amqp::nack(tag);
    return answer;
  }}};
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(broker.port());
  options.longest_backoff = 1h;
  AmqpPublisher publisher{options, log.log()};
  begin(publisher);
  publish(publisher, 1, 20);
  CHECK(flush(publisher));
  CHECK(retries(log).size() == 20);
}

TEST_CASE(
    "mesos_amqp: one document that is refused again and again waits ever longer, whatever else is taken") {
  constexpr std::size_t refusals = 10;
  std::size_t refused = 0;  // of the broker's thread
  const AmqpBroker broker{{.on_publish = [&](const AmqpPublished& published) {
    if (published.body != "1" || refused == refusals) return take(published);
    ++refused;
    return AmqpAnswer{.bytes = amqp::nack(published.tag)};
  }}};
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(broker.port());
  options.shortest_backoff = 2ms;
  options.longest_backoff = 1h;
  options.window = 4;
  AmqpPublisher publisher{options, log.log()};
  begin(publisher);
  const auto start = std::chrono::steady_clock::now();
  publish(publisher, 1, 100);
  CHECK(flush(publisher));
  CHECK(std::chrono::steady_clock::now() - start >= 1023ms);  // half of 2, 4, ... 1024
  CHECK(retries(log).size() == refusals);
}

TEST_CASE("mesos_amqp: a broker that is away is one line, and another when it is back") {
  const std::uint16_t port = free_tcp_port();
  MesosLog log;
  AmqpPublisher publisher{publishing_to(port), log.log()};
  publish(publisher, 1, 10);
  wait_until("the log to say so", [&] { return log.count("publish") == 1; });
  CHECK_FALSE(publisher.flush(100ms));
  CHECK(log.lines().size() == 1);
  CHECK(log.lines()[0].at("exception").at("type") == "connect_failed");
  CHECK(contains(reason_of(log.lines()[0]), "refused"));
  const AmqpBroker broker{{}, port};
  REQUIRE(flush(publisher));
  wait_until("all well", [&] { return log.count("publish_resumed") == 1; });
  CHECK(broker.bodies() == numbers(1, 10));
  CHECK(log.lines().size() == 2);
}

TEST_CASE("mesos_amqp: each reason is one line, however often it is met") {
  const auto refusing = [](const char* reason) {
    return AmqpScript{.instead = {{amqp::connection_start_ok, {.bytes = amqp::close(0, 403, reason)}}}};
  };
  std::optional<AmqpBroker> broker{refusing("ACCESS_REFUSED one")};
  const std::uint16_t port = broker->port();
  MesosLog log;
  AmqpPublisher publisher{publishing_to(port), log.log()};
  wait_until("some tries", [&] { return broker->connection_count() >= 4; });
  REQUIRE(log.count("publish") == 1);
  CHECK(reason_of(log.lines()[0]) == "cannot log in as 'user' to '/stats': 403 ACCESS_REFUSED one");
  broker.reset();
  broker.emplace(refusing("ACCESS_REFUSED two"), port);
  wait_until("some more tries", [&] { return broker->connection_count() >= 4; });
  CHECK(contains(reason_of(log.lines().back()), "ACCESS_REFUSED two"));
  CHECK(log.count("publish") <= 4);  // between the two, it was away
}

TEST_CASE(
    "mesos_amqp: a broker that ends the channel is tried again with one document, and the log has its "
    "reason") {
  const AmqpBroker broker{{.on_publish = [](const AmqpPublished& published) {
    if (published.connection <= 3 && published.tag == 2) {
      return AmqpAnswer{.bytes = amqp::close(1, 404, "NOT_FOUND - no exchange")};
    }
    return published.connection == 2 || published.connection == 3
               ? AmqpAnswer{.bytes = amqp::close(1, 404, "NOT_FOUND - no exchange")}
               : take(published);
  }}};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  begin(publisher);
  publish(publisher, 1, 1);
  wait_until("the second connection", [&] { return broker.connection_count() >= 2; });
  publish(publisher, 2, 5);
  REQUIRE(flush(publisher));
  CHECK(broker.bodies() == Texts{"first", "1", "1", "1", "1", "2", "3", "4", "5"});
  CHECK(retries(log) == Texts{"task 1", "task 1", "task 1"});
  REQUIRE(log.count("publish") == 1);
  CHECK(contains(reason_of(log.lines()[0]), "404 NOT_FOUND - no exchange"));
}

TEST_CASE("mesos_amqp: a broker that ends the connection is left, and its reason is told") {
  AmqpBroker broker;
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  begin(publisher);
  broker.send(amqp::close(0, 320, "CONNECTION_FORCED - broker forced connection closure"));
  wait_until("another connection", [&] { return broker.connection_count() == 2; });
  CHECK(contains(reason_of(log.lines().at(0)), "320 CONNECTION_FORCED"));
  wait_until("all well", [&] { return log.count("publish_resumed") == 1; });
  publish(publisher, 1, 1);
  CHECK(flush(publisher));
}

TEST_CASE("mesos_amqp: bytes that are no AMQP end the connection") {
  AmqpBroker broker;
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  begin(publisher);
  broker.send(std::string(100, '!'));
  wait_until("another connection", [&] { return broker.connection_count() == 2; });
  publish(publisher, 1, 1);
  CHECK(flush(publisher));
  CHECK(log.count("publish") == 1);
}

TEST_CASE("mesos_amqp: nobody is kept waiting by a broker that reads nothing, and neither is the end") {
  const AmqpBroker broker{{.on_publish =
                               [](const AmqpPublished& published) {
                                 AmqpAnswer answer = take(published);
                                 if (published.tag == 2) answer.then = Then::read_no_more;
                                 return answer;
                               },
                           .heartbeat_seconds = 0}};
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(broker.port());
  options.broker.heartbeat = 0s;
  auto publisher = std::make_unique<AmqpPublisher>(options, log.log());
  begin(*publisher);
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) publisher->publish({.task = "large", .body = megabyte});
  wait_until("the last that is read", [&] { return broker.published().size() == 2; });
  CHECK_FALSE(publisher->flush(200ms));  // long enough for the buffers to fill
  publisher.reset();
  REQUIRE(log.count("publish_abandoned") == 1);
  CHECK(log.lines_of("publish_abandoned")[0].at("documents") >= 63);
}

TEST_CASE("mesos_amqp: the end does not wait for a broker that is silent, away, or late with its goodbye") {
  MesosLog log;
  const auto start = std::chrono::steady_clock::now();
  SUBCASE("silent at the login") {
    const AmqpBroker broker{{.instead = {{amqp::connection_start_ok, {}}}}};
    const AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
    wait_until("a login", [&] { return broker.count(amqp::connection_start_ok) == 1; });
  }
  SUBCASE("away, and not to be tried again for long") {
    AmqpPublisherOptions options = publishing_to(free_tcp_port());
    options.shortest_backoff = options.longest_backoff = 1h;
    const AmqpPublisher publisher{options, log.log()};
    wait_until("a try", [&] { return log.count("publish") == 1; });
  }
  SUBCASE("without a goodbye") {
    const AmqpBroker broker{{.instead = {{amqp::connection_close, {}}}}};
    AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
    begin(publisher);
  }
  CHECK(std::chrono::steady_clock::now() - start < patience);
  CHECK(log.count("publish_abandoned") == 0);
}

TEST_CASE("mesos_amqp: what is confirmed before the goodbye is answered is not abandoned") {
  const AmqpBroker broker{
      {.on_publish = [](const AmqpPublished&) { return AmqpAnswer{}; },
       .instead = {
           {amqp::connection_close, {.bytes = amqp::ack(1) + amqp::method(0, amqp::connection_close_ok)}}}}};
  MesosLog log;
  {
    AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
    publish(publisher, 1, 1);
    wait_until("the document", [&] { return broker.published().size() == 1; });
  }
  CHECK(log.lines().empty());
}

TEST_CASE("mesos_amqp: an idle connection is kept alive") {
  // Whoever hears nothing for twice as long gives up: a test that is held up for ten seconds does not matter.
  AmqpBroker broker{{.heartbeat_seconds = 5}};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  begin(publisher);
  wait_until("a heartbeat", [&] {
    broker.send(amqp::frame(amqp::FrameType::heartbeat, 0, ""));
    return broker.heartbeat_count() >= 1;
  });
  publish(publisher, 1, 1);
  REQUIRE(flush(publisher));
  CHECK(broker.connection_count() == 1);
  CHECK(log.lines().empty());
}

TEST_CASE("mesos_amqp: a connection without heartbeats is left") {
  const AmqpBroker broker{{.on_publish =
                               [](const AmqpPublished& published) {
                                 return published.connection == 1 ? AmqpAnswer{} : take(published);
                               },
                           .heartbeat_seconds = 1}};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(broker.port()), log.log()};
  publish(publisher, 1, 1);
  REQUIRE(flush(publisher));
  CHECK(broker.bodies().back() == "1");
  CHECK(broker.connection_count() >= 2);
  CHECK(contains(reason_of(log.lines().at(0)), "heartbeat"));
}
