// A Kafka cluster on loopback, for trying several instances of online_store on one machine: says where it is,
// sends the events of a day, and keeps them until it is ended.
//
//   shop_feed --events 1000000 --partitions 16
//   online_store --brokers 127.0.0.1:PORT --from-beginning --state DIRECTORY

#include <chrono>
#include <cstdio>
#include <stop_token>
#include <string>

#include "daemon.hpp"
#include "online_store/clock.hpp"
#include "online_store/feed.hpp"
#include "online_store/mock_cluster.hpp"
#include "online_store/options.hpp"
#include "online_store/worker.hpp"

namespace online_store {
namespace {

using std::chrono::steady_clock;

constexpr const char* program = "shop_feed";

void say(const std::string& line) {
  example::print(stdout, program, line);
}

std::int64_t yesterday() {
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  return std::chrono::milliseconds{(today - std::chrono::days{1}).time_since_epoch()}.count();
}

void run(const FeedCommand& command, const example::EndSignals& signals) {
  const std::int64_t day_start = command.day_start.value_or(yesterday());
  const AvroSchema schema =
      command.schema.empty() ? AvroSchema{lab3_event_schema} : AvroSchema::from_file(command.schema);
  const MockCluster cluster{command.topic, static_cast<std::int32_t>(command.replay.partitions)};
  say("brokers " + cluster.brokers() + ", topic " + command.topic);
  const std::chrono::duration<double> day_lasts = command.replay.day_lasts.value_or(std::chrono::minutes{1});
  ReplayClock clock{statwire::EventTime{std::chrono::milliseconds{day_start}},
                    std::chrono::duration<double>{std::chrono::hours{24}} / day_lasts};
  Feed feed{schema,
            {.producer = {.brokers = cluster.brokers(), .topic = command.topic},
             .day = {.seed = command.replay.seed,
                     .day_start = day_start,
                     .events = command.replay.events,
                     .bad_one_in = command.replay.bad_one_in},
             .clock = command.replay.day_lasts ? &clock : nullptr}};
  clock.start();
  Worker sending{[&](const std::stop_token& stop) {
    feed.run(stop);
    if (!stop.stop_requested()) say("sent " + std::to_string(feed.sent()) + " events");
  }};
  constexpr std::chrono::milliseconds look{200};
  const auto end = command.run_for ? steady_clock::now() + *command.run_for : steady_clock::time_point::max();
  while (steady_clock::now() < end && !signals.wait_until(steady_clock::now() + look)) sending.check();
  signals.restore();
}

}  // namespace
}  // namespace online_store

int main(int argc, char** argv) {
  using namespace online_store;
  example::open_standard_streams();
  const example::EndSignals signals;
  return example::run_daemon<FeedCommand>(program, parse_feed_options(argc, argv),
                                          [&](const FeedCommand& command) { run(command, signals); });
}
