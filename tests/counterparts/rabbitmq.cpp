// The collector's way to RabbitMQ, with the real one.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "mesos_collector/amqp_connection.hpp"
#include "mesos_collector/amqp_publisher.hpp"
#include "support/counterpart.hpp"
#include "support/line_listener.hpp"
#include "support/mesos_log.hpp"
#include "support/rabbitmq_queue.hpp"
#include "support/rabbitmq_server.hpp"

using namespace mesos_collector;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

const std::string key = "asgard.stats";

AmqpPublisherOptions publishing_to(const RabbitmqServer& server) {
  return {
      .broker = {.port = server.port(), .timeout = patience}, .routing_key = key, .longest_backoff = 500ms};
}

void publish(AmqpPublisher& publisher, int first, int last) {
  for (int number = first; number <= last; ++number) {
    publisher.publish(
        {.task = std::to_string(number), .body = "{\"number\": " + std::to_string(number) + "}"});
  }
}

std::vector<std::string> bodies(int first, int last) {
  std::vector<std::string> texts;
  for (int number = first; number <= last; ++number)
    texts.push_back("{\"number\": " + std::to_string(number) + "}");
  return texts;
}

std::vector<std::string> bodies(const std::vector<RabbitmqQueue::Message>& messages) {
  std::vector<std::string> texts;
  for (const RabbitmqQueue::Message& message : messages) texts.push_back(message.body);
  return texts;
}

std::string refusal_of(AmqpOptions options, const std::string& queue = key) {
  options.timeout = patience;
  AmqpConnection connection{options, [](const Confirm&) {}};
  try {
    connection.open(queue);
  } catch (const AmqpError& error) {
    return error.what();
  }
  return "";
}

/// Has documents wait all the time, until it is stopped: whenever the broker is killed, some are under way.
class Feed {
 public:
  explicit Feed(AmqpPublisher& publisher)
      : thread_{[this, &publisher] {
          while (!is_stopping_) {
            constexpr std::size_t enough = 5000;
            if (publisher.stats().waiting < enough) {
              publish(publisher, last_ + 1, last_ + 100);
              last_ += 100;
            } else {
              std::this_thread::sleep_for(1ms);
            }
          }
        }} {}
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed() { stop(); }

  /// Returns the number of the last document.
  int stop() {
    is_stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return last_;
  }

 private:
  std::atomic<bool> is_stopping_{false};
  int last_ = 0;  // of the thread
  std::thread thread_;
};

/// How often each document may have come: once, and once more for each line of the log that says so.
void check_arrivals(const std::vector<std::string>& arrived, const MesosLog& log, int last) {
  std::map<std::string, int> allowed;
  for (const std::string& body : bodies(1, last)) allowed[body] = 1;
  for (const auto& line : log.lines_of("publish_retry")) {
    ++allowed["{\"number\": " + line.at("taskname").get<std::string>() + "}"];
  }
  std::map<std::string, int> counts;
  for (const std::string& body : arrived) ++counts[body];
  CHECK(counts.size() == static_cast<std::size_t>(last));
  for (const auto& one : counts) CHECK_MESSAGE(one.second <= allowed[one.first], one.first);
}

}  // namespace

TEST_CASE("rabbitmq: documents arrive as they are, once, in order, and without properties") {
  if (is_missing("RabbitMQ", RabbitmqServer::program())) return;
  RabbitmqServer server;
  server.start();
  RabbitmqQueue queue{server.port(), key};
  MesosLog log;
  AmqpPublisher publisher{publishing_to(server), log.log()};
  publish(publisher, 1, 10'000);
  CHECK(publisher.flush(patience));
  const auto messages = queue.take_all();
  CHECK(bodies(messages) == bodies(1, 10'000));
  for (const RabbitmqQueue::Message& message : messages) CHECK(message.properties == 0);
  CHECK(log.lines().empty());

  const std::string refused = refusal_of({.port = server.port(), .password = "wrong"});
  CHECK_MESSAGE(refused.find("403 ACCESS_REFUSED") != std::string::npos, refused);
  const std::string not_found = refusal_of({.port = server.port(), .vhost = "nowhere"});
  CHECK_MESSAGE(not_found.find("vhost nowhere not found") != std::string::npos, not_found);
  const std::string no_queue = refusal_of({.port = server.port()}, "nowhere");
  CHECK_MESSAGE(no_queue.find("404 NOT_FOUND - no queue 'nowhere'") != std::string::npos, no_queue);

  // An alarm: it takes no documents, and says so.
  server.control({"set_vm_memory_high_watermark", "0"});
  publish(publisher, 1, 100);
  wait_until("the alarm", [&] { return log.count("publish") == 1; });
  CHECK(log.lines()[0].at("exception").at("message") == "the broker takes nothing for now: low on memory");
  CHECK_FALSE(publisher.flush(100ms));
  server.control({"set_vm_memory_high_watermark", "0.8"});
  CHECK(publisher.flush(patience));
  wait_until("its end", [&] { return log.count("publish_resumed") == 1; });
  CHECK(bodies(queue.take_all()) == bodies(1, 100));
  CHECK(log.count("publish_retry") == 0);
}

TEST_CASE(
    "rabbitmq: what is persistent outlives a restart and a kill, and only what the log says comes twice") {
  if (is_missing("RabbitMQ", RabbitmqServer::program())) return;
  RabbitmqServer server;
  server.start();
  { const RabbitmqQueue made{server.port(), key}; }
  MesosLog log;
  AmqpPublisherOptions options = publishing_to(server);
  {
    AmqpPublisher transient{options, log.log()};
    publish(transient, 1, 10);
    REQUIRE(transient.flush(patience));
  }
  options.persistent = true;
  AmqpPublisher publisher{options, log.log()};
  publish(publisher, 1, 1000);
  REQUIRE(publisher.flush(patience));
  server.end(SIGTERM);
  publish(publisher, 1001, 2000);
  server.start();
  REQUIRE(publisher.flush(patience));
  const auto messages = RabbitmqQueue{server.port(), key}.take_all();
  CHECK(bodies(messages) == bodies(1, 2000));
  for (const RabbitmqQueue::Message& message : messages) CHECK(message.delivery_mode == 2);
  CHECK(publisher.stats().retried == 0);

  const std::uint64_t confirmed = publisher.stats().confirmed;
  const std::size_t losses = log.count("publish");
  Feed feed{publisher};
  wait_until("the middle", [&] { return publisher.stats().confirmed > confirmed + 2000; });
  server.end(SIGKILL);
  wait_until("the loss", [&] { return log.count("publish") > losses; });
  const int last = feed.stop();
  CHECK(publisher.stats().waiting > 0);
  server.start();
  REQUIRE(publisher.flush(patience));
  check_arrivals(bodies(RabbitmqQueue{server.port(), key}.take_all()), log, last);
  const AmqpStats stats = publisher.stats();
  CHECK(stats.retried > 0);
  CHECK(stats.retried == log.count("publish_retry"));
  CHECK(stats.dropped == 0);
}
