// Opening a connection to RabbitMQ, which the tests script to fail at every step.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mesos_collector/amqp_connection.hpp"
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

const std::string queue = "asgard.stats";

void ignore(const Confirm&) {}

Failure failure_to_open(AmqpScript script, std::chrono::milliseconds timeout = patience) {
  const AmqpBroker broker{std::move(script)};
  AmqpOptions options = options_of(broker.port());
  options.timeout = timeout;
  AmqpConnection connection{options, ignore};
  try {
    connection.open(queue);
  } catch (const AmqpError& error) {
    CHECK(error.what() == error.failure().message);
    CHECK(error.failure().message.find("secret") == std::string::npos);
    return error.failure();
  }
  FAIL("it opened");
  return {};
}

std::size_t descriptor_count() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/fd"},
                                                std::filesystem::directory_iterator{}));
}

const std::vector<amqp::MethodId> steps_of_opening{amqp::protocol_header, amqp::connection_start_ok,
                                                   amqp::connection_open, amqp::channel_open,
                                                   amqp::queue_declare,   amqp::confirm_select};

}  // namespace

TEST_CASE("mesos_amqp: a broker that is silent at any step of opening is given up in time") {
  for (const amqp::MethodId& step : steps_of_opening) {
    CAPTURE(step.first);
    CAPTURE(step.second);
    const auto start = std::chrono::steady_clock::now();
    const Failure failure = failure_to_open({.instead = {{step, {}}}}, 100ms);
    CHECK(failure.type == "timeout");
    CHECK(std::chrono::steady_clock::now() - start < 10s);
  }
}

TEST_CASE("mesos_amqp: a broker that hangs up at any step of opening is an error") {
  for (const amqp::MethodId& step : steps_of_opening) {
    CAPTURE(step.first);
    CAPTURE(step.second);
    const Failure failure = failure_to_open({.instead = {{step, {.then = Then::hang_up}}}});
    CHECK(failure.type == "rabbitmq");
  }
}

TEST_CASE("mesos_amqp: a broker that refuses any step of opening is quoted") {
  for (const amqp::MethodId& step : steps_of_opening) {
    if (step == amqp::protocol_header) continue;
    const Failure failure =
        failure_to_open({.instead = {{step, {.bytes = amqp::close(0, 530, "NOT_ALLOWED - so there")}}}});
    CHECK(failure.type == "rabbitmq");
    CHECK(contains(failure.message, "530 NOT_ALLOWED - so there"));
  }
}

TEST_CASE("mesos_amqp: what does not speak AMQP, or not with PLAIN, is an error") {
  using amqp::protocol_header;
  CHECK(
      failure_to_open({.instead = {{protocol_header, {.bytes = "HTTP/1.1 400 Bad Request\r\n\r\n"}}}}).type ==
      "rabbitmq");
  CHECK(
      failure_to_open({.instead = {{protocol_header, {.bytes = std::string{"AMQP\0\0\x09\x00", 8}}}}}).type ==
      "rabbitmq");
  const Failure failure =
      failure_to_open({.instead = {{protocol_header, {.bytes = amqp::start("EXTERNAL")}}}});
  CHECK(contains(failure.message, "unsupported sasl method"));
}

TEST_CASE("mesos_amqp: a host that does not resolve, and a port that nobody listens on, are errors") {
  const auto failure_of = [](const AmqpOptions& options) {
    AmqpConnection connection{options, ignore};
    try {
      connection.open(queue);
    } catch (const AmqpError& error) {
      return error.failure().type;
    }
    return std::string{};
  };
  CHECK(failure_of({.host = "no-such-host.invalid", .timeout = patience}) == "connect_failed");
  CHECK(failure_of({.port = free_tcp_port()}) == "connect_failed");
}

TEST_CASE("mesos_amqp: after an error a connection can be opened again, and before that not be used") {
  std::optional<AmqpBroker> broker{std::in_place};
  const std::uint16_t port = broker->port();
  std::vector<Confirm> confirms;
  AmqpConnection connection{options_of(port), [&](const Confirm& confirm) { confirms.push_back(confirm); }};
  CHECK_THROWS_AS(connection.publish("a", "b", false), AmqpError);
  CHECK_THROWS_AS(connection.wait(1ms), AmqpError);
  connection.open(queue);
  broker.reset();
  const auto wait_for_loss = [&] {
    for (;;) connection.wait(patience);
  };
  CHECK_THROWS_AS(wait_for_loss(), AmqpError);
  CHECK_THROWS_AS(connection.publish("a", "b", false), AmqpError);
  broker.emplace(AmqpScript{}, port);
  connection.open(queue);
  connection.publish("a", "b", false);
  wait_until("a confirm", [&] {
    connection.wait(patience);
    return !confirms.empty();
  });
  CHECK(confirms == std::vector<Confirm>{{.tag = 1}});
}

TEST_CASE("mesos_amqp: broken connections leave no descriptors behind") {
  const AmqpBroker broker{{.instead = {{amqp::connection_open, {.then = Then::hang_up}}}}};
  AmqpConnection connection{options_of(broker.port()), ignore};
  CHECK_THROWS_AS(connection.open(queue), AmqpError);
  wait_until("its end", [&] { return broker.ended_count() == 1; });
  const std::size_t before = descriptor_count();
  for (int i = 0; i < 300; ++i) CHECK_THROWS_AS(connection.open(queue), AmqpError);
  wait_until("their ends", [&] { return broker.ended_count() == 301; });
  CHECK(descriptor_count() == before);
}

TEST_CASE(
    "mesos_amqp: what was confirmed is known even when it is publishing that finds the connection lost") {
  const AmqpBroker broker{{.on_publish = [](const AmqpPublished& published) {
    return AmqpAnswer{.bytes = amqp::ack(published.tag), .then = Then::hang_up};
  }}};
  std::vector<Confirm> confirms;
  AmqpConnection connection{options_of(broker.port()),
                            [&](const Confirm& confirm) { confirms.push_back(confirm); }};
  connection.open(queue);
  connection.publish(queue, "a", false);
  wait_until("the end", [&] { return broker.ended_count() == 1; });
  const auto publish_on = [&] {
    for (;;) connection.publish(queue, "b", false);
  };
  CHECK_THROWS_AS(publish_on(), AmqpError);
  CHECK(confirms == std::vector<Confirm>{{.tag = 1}});
}

TEST_CASE("mesos_amqp: the queue is asked for by its name, and not made") {
  const AmqpBroker broker;
  AmqpConnection connection{options_of(broker.port()), ignore};
  connection.open(queue);
  constexpr char passive = 1;
  CHECK(broker.last(amqp::queue_declare) ==
        amqp::number(0, 2) + amqp::short_string(queue) + passive + amqp::number(0, 4));
}
