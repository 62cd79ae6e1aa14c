#include "online_store/service.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <statwire/detail/httplib.hpp>
#include <statwire/statsd.hpp>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <utility>

#include "listening.hpp"
#include "online_store/board.hpp"
#include "online_store/clock.hpp"
#include "online_store/consumer.hpp"
#include "online_store/feed.hpp"
#include "online_store/mock_cluster.hpp"
#include "online_store/report.hpp"
#include "online_store/routes.hpp"
#include "online_store/store_counter.hpp"
#include "online_store/worker.hpp"

namespace online_store {
namespace {

using namespace std::chrono_literals;
using statwire::EventTime;
using Say = std::function<void(const std::string&)>;

AvroSchema schema_of(const Options& options) {
  return options.schema.empty() ? AvroSchema{lab3_event_schema} : AvroSchema::from_file(options.schema);
}

Refresh refresh_of(const Options& options) {
  if (options.is_compatible) return Refresh::as_original;
  return options.is_eager ? Refresh::at_once : Refresh::scheduled;
}

/// A cluster in this process, and the shop that fills it.
struct Replay {
  Replay(const Options& options, const AvroSchema& schema, const ReplayClock& clock, const Say& complain)
      : cluster{options.topic,
                options.is_compatible ? 1 : static_cast<std::int32_t>(options.replay.partitions)},
        feed{schema,
             {.producer = {.brokers = cluster.brokers(),
                           .topic = options.topic,
                           .properties = {{"linger.ms", "5"}},
                           .on_error = complain},
              .day = {.seed = options.replay.seed,
                      .events = options.replay.events,
                      .bad_one_in = options.replay.bad_one_in},
              .days = SIZE_MAX,
              .clock = &clock}} {}

  MockCluster cluster;
  Feed feed;
};

}  // namespace

/// In the order in which they need each other; ends in the other order.
class Service::Parts {
 public:
  Parts(const Options& options, Say say, Say complain)
      : options_{options},
        say_{std::move(say)},
        complain_{std::move(complain)},
        schema_{schema_of(options)},
        clock_{EventTime{std::chrono::milliseconds{ShopDayOptions{}.day_start}},
               std::chrono::duration<double>{24h} / options.replay.day_lasts.value_or(1min)},
        counter_{schema_, counter_options()},
        board_{counter_, refresh_of(options)},
        statsd_{options.statsd.host, options.statsd.port, {.prefix = options.prefix}} {
    make_state_directory();
    listen();
    if (!options_.only_reads) read_events();
  }

  EventTime now() const { return is_replay() ? clock_.now() : system_now(); }

  void tick() {
    if (replay_ && !feeding_ && counter_.has_partitions()) {
      clock_.start();
      feeding_.emplace([this](const std::stop_token& stop) { replay_->feed.run(stop); });
    }
    for (std::optional<Worker>* worker : {&feeding_, &reading_}) {
      if (*worker) (*worker)->check();
    }
    const EventTime time = now();
    const Figures figures = board_.show(time);
    for (const FigureField& field : figure_fields) statsd_.gauge(field.name, figures.*field.value);
    const EventTime period{time.time_since_epoch() / report_period() * report_period()};
    if (shown_ && shown_->period != period) say_(figures_line(shown_->time, shown_->figures));
    shown_ = {period, time, figures};
  }

  void stop() {
    for (std::optional<Worker>* worker : {&feeding_, &reading_}) {
      if (*worker) (*worker)->stop();
    }
  }

  /// Short enough to show each five minutes of the shop's time.
  std::chrono::milliseconds tick_interval() const { return is_replay() ? 50ms : 1000ms; }

  std::string summary() { return counts_line(board_.counts()); }

 private:
  bool is_replay() const { return options_.brokers.empty() && !options_.only_reads; }

  /// In the shop's time.
  std::chrono::milliseconds report_period() const { return is_replay() ? 1h : 5min; }

  CounterOptions counter_options() {
    // A replay's clock is a little behind what is sent.
    const std::chrono::milliseconds ahead =
        is_replay() ? std::max(options_.allowed_ahead, clock_.ahead()) : options_.allowed_ahead;
    constexpr std::size_t bytes_of_session = 64;
    return {.windows = {.behaviour = options_.is_compatible ? Behaviour::compatible : Behaviour::right,
                        // A clock that is ahead must not make those late that are right.
                        .allowed_lateness = options_.allowed_lateness + ahead,
                        .kept_windows = options_.kept_windows,
                        .sessions = {.max_members = options_.max_sessions,
                                     .max_text_bytes = options_.max_sessions * bytes_of_session}},
            .topic = options_.topic,
            .state_directory = options_.state_directory,
            .allowed_ahead = ahead,
            .now = [this] { return now(); },
            .on_error = complain_};
  }

  void make_state_directory() const {
    if (options_.state_directory.empty()) return;
    std::error_code ec;
    std::filesystem::create_directories(options_.state_directory, ec);
    if (ec) {
      throw std::runtime_error{"--state " + options_.state_directory +
                               " is no directory to write to: " + ec.message()};
    }
  }

  void listen() {
    add_page(page_server_, [this] { return board_.page(now()); });
    page_.emplace(page_server_, options_.page);
    add_api(
        api_server_, [this] { return page_url(); }, board_, [this] { return now(); });
    api_.emplace(api_server_, options_.api);
    std::string places = "page for Prometheus at http://" + to_string(page_->address()) +
                         "/metrics; API and live page at http://" + to_string(api_->address()) + "/";
    if (options_.is_compatible) {
      add_page(raw_server_, [this] { return board_.raw_page(); });
      raw_.emplace(raw_server_, options_.raw_page);
      places += "; raw page at http://" + to_string(raw_->address()) + "/";
    }
    say_(places);
  }

  statwire::protocol::HttpUrl page_url() const {
    if (options_.page_url) return *options_.page_url;
    statwire::protocol::HttpUrl url{.host = page_->address().host, .port = page_->address().port};
    if (url.host == "0.0.0.0") url.host = "127.0.0.1";
    if (url.host == "::") url.host = "::1";
    return url;
  }

  void read_events() {
    ConsumerOptions consumer{.brokers = options_.brokers,
                             .topic = options_.topic,
                             .group = options_.group,
                             .from_beginning = options_.is_from_beginning,
                             .properties = options_.kafka,
                             .on_error = complain_};
    if (is_replay()) {
      replay_.emplace(options_, schema_, clock_, complain_);
      consumer.brokers = replay_->cluster.brokers();
      consumer.from_beginning = true;
      for (const auto& [name, value] : MockCluster::group_properties())
        consumer.properties.emplace(name, value);
      consumer.properties.emplace("fetch.wait.max.ms", "10");
    }
    consumer_.emplace(consumer, counter_);
    say_((is_replay() ? "replaying a shop through Kafka's protocol at " : "reading events from ") +
         consumer.brokers + ", topic " + consumer.topic + ", group " + consumer.group);
    reading_.emplace([this](const std::stop_token& stop) { consumer_->run(stop); });
  }

  /// At the last tick; the last one of a period is reported.
  struct Shown {
    EventTime period;
    EventTime time;
    Figures figures;
  };

  const Options options_;
  Say say_;
  Say complain_;
  AvroSchema schema_;
  ReplayClock clock_;
  StoreCounter counter_;
  Board board_;
  statwire::StatsdClient<> statsd_;
  httplib::Server page_server_;
  httplib::Server api_server_;
  httplib::Server raw_server_;
  std::optional<example::Listening> page_;
  std::optional<example::Listening> api_;
  std::optional<example::Listening> raw_;
  std::optional<Replay> replay_;
  std::optional<Consumer> consumer_;
  std::optional<Worker> feeding_;
  std::optional<Worker> reading_;
  std::optional<Shown> shown_;
};

Service::Service(const Options& options, Say say, Say complain)
    : parts_{std::make_unique<Parts>(options, std::move(say), std::move(complain))} {}

Service::~Service() = default;

void Service::stop() {
  parts_->stop();
}

void Service::tick() {
  parts_->tick();
}

std::chrono::milliseconds Service::tick_interval() const {
  return parts_->tick_interval();
}

std::string Service::summary() {
  return parts_->summary();
}

}  // namespace online_store
