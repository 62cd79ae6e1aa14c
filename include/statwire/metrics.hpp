#pragma once

// The client of a metrics server: puts points of a time series and gets them back, over one TCP connection,
// with a deadline on every call. Every failure says what was wrong; after one that leaves the state of the
// stream unknown, the connection is closed, and used again only by a client that was told to retry.
//
//   statwire::MetricsClient client{"127.0.0.1", 8888, 15s};
//   client.put("huginn.cpu", 0.5, 1642667947);
//   for (auto [timestamp, value] : client.get("*")["huginn.cpu"]) ...

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/client/metrics_connection.hpp"
#include "statwire/client/point.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/error.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/tcp.hpp"

namespace statwire {

/// Puts and gets over one connection.
///
/// Keys are UTF-8 text without white space and control characters; values are finite; timestamps are Unix
/// seconds. Each call exists twice: with an error_code at its end, which is set, and without, which throws
/// ClientError. Errors: errc::invalid_key, errc::invalid_value (nothing was sent); errc::command_refused (the
/// connection stays in use); errc::timed_out, errc::end_of_stream, any of the reply's errors or one of the
/// system (the connection is closed, and every later call fails with errc::not_connected, or connects anew
/// where MetricsOptions::retry says so). Threads: one at a time. Processes: one; after a fork() the child
/// makes a client of its own. Memory: up to 310 KiB, however many points are put; and what get returns.
/// `Clock` gives the time of a put without a timestamp.
template <StreamTransport Transport = TcpTransport, class Clock = std::chrono::system_clock>
class MetricsClient {
 public:
  /// Connects; throws ClientError when that fails or takes longer than the timeout.
  MetricsClient(std::string_view host, std::uint16_t port, const MetricsOptions& options = {}) requires
      std::constructible_from<Transport, std::string_view, std::uint16_t> : connection_{options, host, port} {
    std::error_code ec;
    connection_.open(ec);
    throw_if(ec, "connect to '" + std::string{host} + "' port " + std::to_string(port));
  }
  MetricsClient(std::string_view host, std::uint16_t port, std::chrono::milliseconds timeout) requires
      std::constructible_from<Transport, std::string_view, std::uint16_t>
      : MetricsClient{host, port, MetricsOptions{.timeout = timeout}} {}

  /// As above, but sets `ec`; a client that is not connected answers every call with errc::not_connected.
  MetricsClient(
      std::string_view host, std::uint16_t port, const MetricsOptions& options,
      std::error_code& ec) requires std::constructible_from<Transport, std::string_view, std::uint16_t>
      : connection_{options, host, port} {
    connection_.open(ec);
  }
  MetricsClient(
      std::string_view host, std::uint16_t port, std::chrono::milliseconds timeout,
      std::error_code& ec) requires std::constructible_from<Transport, std::string_view, std::uint16_t>
      : MetricsClient{host, port, MetricsOptions{.timeout = timeout}, ec} {}

  /// Connects over a transport of its own, as the fakes of testing/ are.
  explicit MetricsClient(Transport transport,
                         const MetricsOptions& options = {}) requires std::move_constructible<Transport>
      : connection_{options, std::move(transport)} {
    std::error_code ec;
    connection_.open(ec);
    throw_if(ec, "connect");
  }

  /// Stores one value: `put key value timestamp\n`. The last value of a key and second wins.
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    const std::error_code bad = protocol::check_put(key, value);
    if (bad) return connection_.fail(bad, key, ec);
    client::PutAnswers answers;
    connection_.attempt(ec, [&] {
      connection_.pipeline().put(key, value, timestamp, ec);
      connection_.exchange(answers, nothing_to_add, ec);
      if (!ec) report_refusal(answers, ec);
    });
  }
  void put(std::string_view key, double value, std::int64_t timestamp) {
    std::error_code ec;
    put(key, value, timestamp, ec);
    throw_if(ec, "put");
  }

  /// Stores one value as of now.
  void put(std::string_view key, double value, std::error_code& ec) {
    put(key, value, client::unix_seconds<Clock>(), ec);
  }
  void put(std::string_view key, double value) { put(key, value, client::unix_seconds<Clock>()); }

  /// Stores many values, the round trip paid once: requests do not wait for the replies to those before.
  /// Returns how many are known to be stored; with an error, the message of the exception says it too. A bad
  /// point ends it: those before are stored, those behind are not sent. One that the server refuses does not:
  /// the rest is stored, and then the refusal reported.
  std::size_t put(std::span<const Point> points, std::error_code& ec) {
    client::PutAnswers answers;
    const std::int64_t time = client::unix_seconds<Clock>();
    connection_.attempt(ec, [&] { put_rest(points.subspan(answers.progress), time, answers, ec); });
    return answers.stored_puts;
  }
  void put(std::span<const Point> points) {
    std::error_code ec;
    const std::size_t stored = put(points, ec);
    throw_if(ec,
             "put of " + std::to_string(points.size()) + " points, " + std::to_string(stored) + " stored");
  }

  /// Returns the series of one key, or of all keys for "*". An unknown key gives an empty map.
  Series get(std::string_view key, std::error_code& ec) { return get({key}, ec); }
  Series get(std::string_view key) {
    std::error_code ec;
    Series series = get(key, ec);
    throw_if(ec, "get");
    return series;
  }

  /// Returns the series of many keys; requests do not wait for the replies to those before. With an error,
  /// the result is empty, and answered_keys() and the message of the exception say how many were answered.
  Series get(std::initializer_list<std::string_view> keys, std::error_code& ec) { return get_all(keys, ec); }
  Series get(std::initializer_list<std::string_view> keys) { return get_all(keys); }
  Series get(std::span<const std::string> keys, std::error_code& ec) { return get_all(keys, ec); }
  Series get(std::span<const std::string> keys) { return get_all(keys); }

  /// Calls `on_row(std::string_view key, Sample)` for each row of one key, or of all for "*", as they come:
  /// any number of rows, and none is held. The key is valid during the call. The timeout bounds each 4096
  /// rows. What was given stays given when an error follows, so this is tried once. What `on_row` throws
  /// comes through, and closes the connection.
  template <std::invocable<std::string_view, Sample> OnRow>
  void get_each(std::string_view key, OnRow&& on_row, std::error_code& ec) {
    protocol::ReplyLimits limits = connection_.options().limits;
    limits.max_reply_bytes = limits.max_rows = std::numeric_limits<std::uint64_t>::max();
    client::GetAnswers answers{[&](const protocol::Row& row) {
                                 on_row(row.key, Sample{row.timestamp, row.value});
                               },
                               1};
    connection_.prepare(ec);
    if (!ec) exchange_gets(std::span<const std::string_view>{&key, 1}, limits, answers, ec);
  }
  template <std::invocable<std::string_view, Sample> OnRow>
  void get_each(std::string_view key, OnRow&& on_row) {
    std::error_code ec;
    get_each(key, std::forward<OnRow>(on_row), ec);
    throw_if(ec, "get");
  }

  /// How many keys of the last get() were answered, also when it failed.
  std::size_t answered_keys() const noexcept { return answered_keys_; }

  Transport& transport() noexcept { return connection_.transport(); }
  const Transport& transport() const noexcept { return connection_.transport(); }

 private:
  static void nothing_to_add() noexcept {}

  void put_rest(std::span<const Point> points, std::int64_t time, client::PutAnswers& answers,
                std::error_code& ec) {
    std::error_code bad;
    const auto add = [&] {
      while (!bad && !points.empty() &&
             connection_.pipeline().unwritten().size() < client::MetricsPipeline::enough_bytes) {
        const Point& point = points.front();
        connection_.pipeline().put(point.key, point.value, point.timestamp.value_or(time), bad);
        if (!bad) points = points.subspan(1);
      }
    };
    connection_.exchange(answers, add, ec);
    if (!ec) report_refusal(answers, ec);
    if (!ec && bad) connection_.fail(bad, points.front().key, ec);
  }

  template <class Keys>
  Series get_all(const Keys& keys, std::error_code& ec) {
    Series series;
    answered_keys_ = 0;
    connection_.attempt(ec, [&] {
      client::SeriesBuilder builder;
      client::GetAnswers answers{[&](const protocol::Row& row) { builder.add(row); }, 0};
      exchange_gets(keys, connection_.options().limits, answers, ec);
      answered_keys_ = answers.progress;
      if (!ec) series = builder.take();
    });
    return series;
  }
  template <class Keys>
  Series get_all(const Keys& keys) {
    std::error_code ec;
    Series series = get_all(keys, ec);
    throw_if(ec, "get of " + std::to_string(keys.size()) + " keys, " + std::to_string(answered_keys_) +
                     " answered");
    return series;
  }

  template <class Keys, class OnRow>
  void exchange_gets(const Keys& keys, const protocol::ReplyLimits& limits,
                     client::GetAnswers<OnRow>& answers, std::error_code& ec) {
    const auto bad = std::find_if_not(keys.begin(), keys.end(), protocol::is_valid_key);
    if (bad != keys.end()) return connection_.fail(errc::invalid_key, *bad, ec);
    auto next = keys.begin();
    const auto add = [&] {
      while (next != keys.end() &&
             connection_.pipeline().unwritten().size() < client::MetricsPipeline::enough_bytes) {
        connection_.pipeline().get(*next++, limits, ec);
      }
    };
    connection_.exchange(answers, add, ec);
    if (!ec) report_refusal(answers, ec);
  }

  /// A refusal leaves client and server in step; it is reported once everything is answered.
  void report_refusal(const client::Answers& answers, std::error_code& ec) {
    if (answers.refusals == 0) return;
    connection_.fail(errc::command_refused, answers.words, ec);
  }

  void throw_if(std::error_code ec, const std::string& call) const {
    if (!ec) return;
    const std::string& culprit = connection_.culprit();
    throw ClientError{ec, "statwire: " + call + (culprit.empty() ? "" : ": '" + culprit + "'")};
  }

  client::MetricsConnection<Transport> connection_;
  std::size_t answered_keys_ = 0;
};

#if defined(STATWIRE_EXTERN_TEMPLATES)
extern template class MetricsClient<>;  // see detail/config.hpp
#endif

}  // namespace statwire
