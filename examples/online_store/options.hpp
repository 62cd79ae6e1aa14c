#pragma once

// The command lines of online_store and shop_feed.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <statwire/protocol/endpoint.hpp>
#include <statwire/protocol/http_url.hpp>
#include <string>

#include "command.hpp"
#include "listen_address.hpp"

namespace online_store {

/// The shop that is not there.
struct ReplayOptions {
  std::size_t events = 100'000;  ///< Of a day.
  std::size_t bad_one_in = 0;    ///< 0: all are good.
  std::uint64_t seed = 1;
  std::optional<std::chrono::milliseconds> day_lasts{};  ///< None: events come as fast as they go.
  std::size_t partitions = 4;
};

struct Options {
  std::string brokers{};  ///< Empty: a cluster and a shop within the program.
  std::string topic = "online_store";
  std::string group = "metrics";
  std::string schema{};  ///< A file; empty: that of lab 3.
  bool is_from_beginning = false;
  std::map<std::string, std::string> kafka{};  ///< More settings of librdkafka.
  ReplayOptions replay{.bad_one_in = 1000, .day_lasts = std::chrono::minutes{1}};

  std::string state_directory{};  ///< Empty: none.
  bool only_reads = false;        ///< What others have left in the state directory.

  bool is_eager = false;
  bool is_compatible = false;
  std::chrono::milliseconds allowed_lateness{0};
  std::chrono::milliseconds allowed_ahead = std::chrono::minutes{5};
  std::size_t kept_windows = 2;
  std::size_t max_sessions = 1'000'000;

  example::ListenAddress page{.host = "127.0.0.1", .port = 8013};
  example::ListenAddress raw_page{.host = "127.0.0.1", .port = 8012};  ///< With is_compatible.
  example::ListenAddress api{.host = "127.0.0.1", .port = 5002};
  std::optional<statwire::protocol::HttpUrl> page_url{};  ///< None: the page of this program.
  statwire::Endpoint statsd{.host = "127.0.0.1"};
  std::string prefix = "online_store";
  std::optional<std::chrono::milliseconds> run_for{};
};

example::Command<Options> parse_options(int argc, const char* const* argv);

struct FeedCommand {
  ReplayOptions replay{};
  std::string topic = "online_store";
  std::string schema{};
  std::optional<std::int64_t> day_start{};  ///< Milliseconds since the epoch; none: yesterday.
  std::optional<std::chrono::milliseconds> run_for{};
};

example::Command<FeedCommand> parse_feed_options(int argc, const char* const* argv);

}  // namespace online_store
