#include "online_store/options.hpp"

#include <statwire/protocol/number.hpp>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "duration.hpp"

namespace online_store {
namespace {

using std::chrono::milliseconds;

std::string read_text(const char* flag, const std::string& text) {
  if (text.empty()) example::refuse(flag, "'' is empty; leave the flag out or give it a value");
  return text;
}

/// Kafka's own rule; of a topic's name a state file's is made.
std::string read_topic(const char* flag, const std::string& text) {
  constexpr std::size_t most = 249;
  constexpr std::string_view legal = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (text.empty() || text.size() > most || text == "." || text == ".." ||
      text.find_first_not_of(legal) != std::string::npos) {
    example::refuse(flag, "'" + text + "' is no topic; write up to 249 letters, digits, '.', '_' and '-'");
  }
  return text;
}

statwire::Endpoint read_statsd(const char* flag, const std::string& text) {
  const std::optional<statwire::Endpoint> endpoint = example::parse_host_and_port(text);
  if (!endpoint) {
    example::refuse(flag, "'" + text + "' is not host:port; write it as 127.0.0.1:8125");
  }
  return *endpoint;
}

statwire::protocol::HttpUrl read_url(const char* flag, const std::string& text) {
  const auto url = statwire::protocol::parse_http_url(text);
  if (!url) {
    example::refuse(flag, "'" + text + "' is not " + std::string{statwire::protocol::http_url_form});
  }
  return *url;
}

auto address_reader(const char* usual_port) {
  return [usual_port](const char* flag, const std::string& text) {
    return example::read_address_or_free_port(flag, text, usual_port);
  };
}

/// Up to a day: windows of five minutes are open for as long.
milliseconds read_tolerance(const char* flag, const std::string& text) {
  const std::optional<milliseconds> duration = example::parse_duration(text);
  if (!duration || *duration > std::chrono::hours{24}) {
    example::refuse(
        flag,
        "'" + text + "' is not a duration from 0s to 24h; write a number with ms, s, m or h, such as 30s");
  }
  return *duration;
}

milliseconds read_day_length(const char* flag, const std::string& text) {
  return example::read_duration(flag, text, std::chrono::seconds{1});
}

/// One KEY=VALUE a flag, as often as it is given.
void add_kafka_flag(example::CommandLine& line, Options& options) {
  line.add_texts("--kafka", "KEY=VALUE", "A setting of librdkafka; may be given several times",
                 [&options](const std::vector<std::string>& settings) {
                   for (const std::string& setting : settings) {
                     const std::size_t equals = setting.find('=');
                     if (equals == 0 || equals == std::string::npos) {
                       example::refuse("--kafka",
                                       "'" + setting + "' is not KEY=VALUE, such as security.protocol=ssl");
                     }
                     options.kafka[setting.substr(0, equals)] = setting.substr(equals + 1);
                   }
                 });
}

/// Midnight of a day as 2026-11-20, in milliseconds since the epoch.
std::int64_t read_date(const char* flag, const std::string& text) {
  using namespace std::chrono;
  constexpr std::string_view form = "0000-00-00";
  bool is_date = text.size() == form.size();
  for (std::size_t i = 0; is_date && i < form.size(); ++i) {
    is_date = form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
  }
  if (is_date) {
    const auto part = [&](std::size_t begin, std::size_t size) {
      return static_cast<unsigned>(*statwire::protocol::parse_integer(text.substr(begin, size)));
    };
    const year_month_day date{year{static_cast<int>(part(0, 4))}, month{part(5, 2)}, day{part(8, 2)}};
    if (date.ok()) return milliseconds{sys_days{date}.time_since_epoch()}.count();
  }
  example::refuse(flag, "'" + text + "' is no date; write it as 2026-11-20");
}

void add_replay_flags(example::CommandLine& line, ReplayOptions& replay, const char* day_default) {
  using example::number_reader;
  line.add_value("--events", "COUNT", replay.events, "Of a day of the replayed shop (default 100000)",
                 example::read_count);
  line.add_value("--day", "DURATION", replay.day_lasts, day_default, read_day_length);
  line.add_value("--seed", "NUMBER", replay.seed, "Other numbers are other days (default 1)",
                 number_reader<std::uint64_t>(0, INT64_MAX));
  line.add_value("--bad-one-in", "COUNT", replay.bad_one_in, "A bad event after as many good ones; 0: none",
                 number_reader(0, 1'000'000'000));
  line.add_value("--partitions", "COUNT", replay.partitions,
                 "Of the replayed topic (default 4; 1 with --compatible)", number_reader(1, 1000));
}

void add_source_flags(example::CommandLine& line, Options& options) {
  line.add_value("--brokers", "HOST:PORT,...", options.brokers,
                 "A Kafka cluster (default: one within this program, and a shop whose day is replayed)",
                 read_text);
  line.add_value("--topic", "NAME", options.topic, "Where the events are (default online_store)", read_topic);
  line.add_value("--group", "NAME", options.group, "Of consumers that share the partitions (default metrics)",
                 read_text);
  line.add_value("--schema", "FILE", options.schema, "Avro's, of the events (default: that of lab 3)",
                 read_text);
  line.add_switch("--from-beginning", options.is_from_beginning,
                  "A new group begins with the oldest event (default: with the next one)");
  add_kafka_flag(line, options);
  line.add_value("--state", "DIRECTORY", options.state_directory,
                 "Keep what was counted here, once a second; instances that share it are shown together",
                 read_text);
  line.add_switch("--read-state", options.only_reads,
                  "Read no events; show what others have left in --state");
}

void add_figure_flags(example::CommandLine& line, Options& options) {
  using example::number_reader;
  line.add_switch("--eager", options.is_eager,
                  "Show the running windows at once (default: each period when it has ended)");
  line.add_switch("--compatible", options.is_compatible,
                  "Give the original's figures, those after late events too, and its pages");
  line.add_value("--allow-late", "DURATION", options.allowed_lateness,
                 "Events may be so late for their window (default 0s)", read_tolerance);
  line.add_value("--allow-ahead", "DURATION", options.allowed_ahead,
                 "Events may be so far ahead of the clock (default 5m)", read_tolerance);
  line.add_value("--keep-windows", "COUNT", options.kept_windows,
                 "Of each length, that have passed (default 2)", number_reader(1, 10'000));
  line.add_value("--max-sessions", "COUNT", options.max_sessions, "In a window (default 1000000)",
                 example::read_count);
}

void add_output_flags(example::CommandLine& line, Options& options) {
  line.add_value("--page", "ADDRESS:PORT", options.page, "For Prometheus (default 127.0.0.1:8013)",
                 address_reader("8013"));
  line.add_value("--raw-page", "ADDRESS:PORT", options.raw_page,
                 "With --compatible, the original's other page (default 127.0.0.1:8012)",
                 address_reader("8012"));
  line.add_value("--api", "ADDRESS:PORT", options.api,
                 "The conversion API and the live page (default 127.0.0.1:5002)", address_reader("5002"));
  line.add_value("--page-url", "URL", options.page_url,
                 "Where the API reads the conversion (default: the page of this program)", read_url);
  line.add_value("--statsd", "HOST:PORT", options.statsd,
                 "A StatsD server that gets the figures, too (default 127.0.0.1:8125)", read_statsd);
  line.add_value("--prefix", "NAME", options.prefix, "Of the figures at StatsD (default online_store)",
                 read_text);
  line.add_value("--for", "DURATION", options.run_for, "End after this time (default: at Ctrl-C or SIGTERM)",
                 example::read_run_time);
}

void add_flags(example::CommandLine& line, Options& options) {
  add_source_flags(line, options);
  add_replay_flags(line, options.replay, "How long a replayed day takes (default 1m)");
  add_figure_flags(line, options);
  add_output_flags(line, options);
}

void add_feed_flags(example::CommandLine& line, FeedCommand& options) {
  line.add_value("--topic", "NAME", options.topic, "Where the events go (default online_store)", read_topic);
  line.add_value("--schema", "FILE", options.schema, "Avro's, of the events (default: that of lab 3)",
                 read_text);
  add_replay_flags(line, options.replay, "How long the day takes (default: as fast as it goes)");
  line.add_value("--date", "YYYY-MM-DD", options.day_start, "Of the events, in UTC (default: yesterday)",
                 read_date);
  line.add_value("--for", "DURATION", options.run_for, "End after this time (default: at Ctrl-C or SIGTERM)",
                 example::read_run_time);
}

/// What flags say together.
std::optional<std::string> contradiction(const Options& options) {
  if (options.is_eager && options.is_compatible) {
    return "--eager and --compatible are two ways to show the figures; give one of them";
  }
  if (options.is_compatible && options.allowed_lateness.count() != 0) {
    return "--allow-late is not for --compatible, where a late event empties the window";
  }
  if (options.only_reads && options.state_directory.empty()) {
    return "--read-state reads what is in --state DIRECTORY, which is not given";
  }
  if (!options.state_directory.empty() && options.brokers.empty() && !options.only_reads) {
    return "--state is for events of --brokers, or for --read-state; a replayed shop begins anew each time";
  }
  if (options.only_reads && !options.brokers.empty()) {
    return "--read-state reads no events, so it takes no --brokers";
  }
  return std::nullopt;
}

}  // namespace

example::Command<Options> parse_options(int argc, const char* const* argv) {
  example::CommandLine line{
      "online_store",
      "Counts the visits and orders of an online store, from Kafka to Prometheus and StatsD."};
  auto command = example::parse_command<Options>(line, argc, argv, add_flags);
  if (const auto* options = std::get_if<Options>(&command)) {
    if (auto error = contradiction(*options)) return example::UsageError{*error};
  }
  return command;
}

example::Command<FeedCommand> parse_feed_options(int argc, const char* const* argv) {
  example::CommandLine line{"shop_feed",
                            "A Kafka cluster on loopback with the events of a shop that is not there."};
  return example::parse_command<FeedCommand>(line, argc, argv, add_feed_flags);
}

}  // namespace online_store
