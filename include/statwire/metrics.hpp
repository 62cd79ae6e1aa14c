#pragma once

// The client of a metrics server: puts points of a time series and gets them back, over one TCP connection,
// with a deadline on every call. Every failure says what was wrong; after one that leaves the state of the
// stream unknown, the connection is closed and not used again.
//
//   statwire::MetricsClient client{"127.0.0.1", 8888, 15s};
//   client.put("huginn.cpu", 0.5, 1642667947);
//   for (auto [timestamp, value] : client.get("*")["huginn.cpu"]) ...

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/error.hpp"
#include "statwire/protocol/metrics_reply.hpp"
#include "statwire/protocol/metrics_request.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/transport/tcp.hpp"

namespace statwire {

/// One value of a series.
struct Sample {
  std::int64_t timestamp = 0;  ///< Unix seconds.
  double value = 0;

  friend bool operator==(const Sample&, const Sample&) = default;
};

/// Samples by key, each key's ascending by timestamp; equal timestamps in the order of their arrival.
using Series = std::map<std::string, std::vector<Sample>>;

/// One value to put.
struct Point {
  std::string key;
  double value = 0;
  std::optional<std::int64_t> timestamp{};  ///< Unix seconds; the time of the put when there is none.
};

/// Puts and gets over one connection.
///
/// Keys are UTF-8 text without white space and control characters; values are finite; timestamps are Unix
/// seconds. Each call exists twice: with an error_code at its end, which is set, and without, which throws
/// ClientError. Errors: errc::invalid_key, errc::invalid_value (nothing was sent); errc::command_refused (the
/// connection stays in use); errc::timed_out, errc::end_of_stream, any of the reply's errors or one of the
/// system (the connection is closed, and every later call fails with errc::not_connected). Threads: one at a
/// time. `Clock` gives the time of a put without a timestamp.
template <StreamTransport Transport = TcpTransport, class Clock = std::chrono::system_clock>
class MetricsClient {
 public:
  static constexpr std::chrono::milliseconds default_timeout{10'000};

  /// Connects; throws ClientError when that fails or takes longer than the timeout, which also bounds every
  /// later exchange: a put, a get, or one batch of a put of many points.
  MetricsClient(std::string_view host, std::uint16_t port,
                std::chrono::milliseconds timeout = default_timeout) requires
      std::constructible_from<Transport, std::string_view, std::uint16_t>
      : timeout_{timeout}, transport_{host, port} {
    std::error_code ec;
    connect(ec);
    throw_if(ec, "connect to '" + std::string{host} + "' port " + std::to_string(port));
  }

  /// As above, but sets `ec`; a client that is not connected answers every call with errc::not_connected.
  MetricsClient(
      std::string_view host, std::uint16_t port, std::chrono::milliseconds timeout,
      std::error_code& ec) requires std::constructible_from<Transport, std::string_view, std::uint16_t>
      : timeout_{timeout}, transport_{host, port} {
    connect(ec);
  }

  /// Connects over a transport of its own, as the fakes of testing/ are.
  explicit MetricsClient(Transport transport, std::chrono::milliseconds timeout = default_timeout)
      : timeout_{timeout}, transport_{std::move(transport)} {
    std::error_code ec;
    connect(ec);
    throw_if(ec, "connect");
  }

  MetricsClient(const MetricsClient&) = delete;
  MetricsClient& operator=(const MetricsClient&) = delete;
  ~MetricsClient() { transport_.close(); }

  /// Stores one value: `put key value timestamp\n`. The last value of a key and second wins.
  void put(std::string_view key, double value, std::int64_t timestamp, std::error_code& ec) {
    begin(ec);
    const Deadline deadline = deadline_from_now();
    if (encode({key, value, timestamp}, ec)) exchange_puts(1, deadline, ec);
  }
  void put(std::string_view key, double value, std::int64_t timestamp) {
    std::error_code ec;
    put(key, value, timestamp, ec);
    throw_if(ec, "put");
  }

  /// Stores one value as of now.
  void put(std::string_view key, double value, std::error_code& ec) { put(key, value, now(), ec); }
  void put(std::string_view key, double value) { put(key, value, now()); }

  /// Stores many values: sent in batches whose replies are read together, so the round trip is paid per batch
  /// and not per point. At the first error the rest is not sent; the message says how many points are known
  /// to be stored.
  void put(std::span<const Point> points, std::error_code& ec) {
    begin(ec);
    stored_ = 0;
    const std::int64_t time = now();
    while (!ec && !points.empty()) {
      const Deadline deadline = deadline_from_now();
      std::size_t count = 0;
      while (count < points.size() && out_.size() < max_batch_bytes) {
        const Point& point = points[count];
        if (!encode({point.key, point.value, point.timestamp.value_or(time)}, ec)) break;
        ++count;
      }
      // The points before a bad one are sent all the same; an error of theirs comes first.
      std::error_code exchange_ec;
      std::string bad_point = std::exchange(culprit_, {});
      if (count != 0) exchange_puts(count, deadline, exchange_ec);
      if (exchange_ec) {
        ec = exchange_ec;
      } else if (ec) {
        culprit_ = std::move(bad_point);
      }
      points = points.subspan(count);
    }
  }
  void put(std::span<const Point> points) {
    std::error_code ec;
    put(points, ec);
    throw_if(ec,
             "put of " + std::to_string(points.size()) + " points, " + std::to_string(stored_) + " stored");
  }

  /// Returns the series of one key, or of all keys for "*". An unknown key gives an empty map.
  Series get(std::string_view key, std::error_code& ec) {
    begin(ec);
    if (ec) return {};
    if (!protocol::is_valid_key(key)) {
      fail(errc::invalid_key, key, ec);
      return {};
    }
    const Deadline deadline = deadline_from_now();
    protocol::append_get(out_, key);
    Series series;
    auto last = series.end();  // the rows of a key come together, so it is looked up once
    const auto add_row = [&](const protocol::Row& row) {
      if (last == series.end() || last->first != row.key)
        last = series.try_emplace(std::string{row.key}).first;
      last->second.push_back({row.timestamp, row.value});
    };
    write_all(deadline, ec);
    if (!ec) read_reply(protocol::ReplyDecoder::Expected::rows, deadline, ec, add_row);
    if (!ec || ec == errc::command_refused) expect_no_more(ec);
    if (ec) return {};
    for (auto& [name, samples] : series) {
      std::stable_sort(samples.begin(), samples.end(),
                       [](const Sample& a, const Sample& b) { return a.timestamp < b.timestamp; });
    }
    return series;
  }
  Series get(std::string_view key) {
    std::error_code ec;
    Series series = get(key, ec);
    throw_if(ec, "get");
    return series;
  }

  Transport& transport() noexcept { return transport_; }
  const Transport& transport() const noexcept { return transport_; }

 private:
  /// Small enough that the replies to a batch fit into the socket buffers while the batch is still being
  /// written.
  static constexpr std::size_t max_batch_bytes = 65536;

  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  }

  /// A timeout beyond the clock's range is no deadline at all.
  Deadline deadline_from_now() const {
    const Deadline now = std::chrono::steady_clock::now();
    const auto range = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::max() - now);
    return timeout_ < range ? now + timeout_ : Deadline::max();
  }

  void connect(std::error_code& ec) {
    if (timeout_.count() > 0) {
      transport_.connect(deadline_from_now(), ec);
    } else {
      fail(errc::invalid_option, "timeout " + std::to_string(timeout_.count()) + " ms, must be above 0", ec);
    }
    is_open_ = !ec;
  }

  void begin(std::error_code& ec) {
    ec.clear();
    culprit_.clear();
    out_.clear();
    if (!is_open_) ec = errc::not_connected;
  }

  bool encode(const protocol::Row& point, std::error_code& ec) {
    if (ec) return false;
    if (!protocol::is_valid_key(point.key)) {
      fail(errc::invalid_key, point.key, ec);
    } else if (!std::isfinite(point.value)) {
      fail(errc::invalid_value, point.key, ec);
    } else {
      protocol::append_put(out_, point.key, point.value, point.timestamp);
    }
    return !ec;
  }

  void exchange_puts(std::size_t count, Deadline deadline, std::error_code& ec) {
    write_all(deadline, ec);
    std::error_code refused;
    for (; !ec && count != 0; --count) {
      read_reply(protocol::ReplyDecoder::Expected::nothing, deadline, ec, [](const protocol::Row&) {});
      if (!ec) ++stored_;
      // A refusal leaves the stream in step: the replies to the rest of the batch are read before it is
      // reported.
      if (ec == errc::command_refused) refused = std::exchange(ec, {});
    }
    if (!ec) expect_no_more(ec);
    if (!ec) ec = refused;
  }

  void write_all(Deadline deadline, std::error_code& ec) {
    for (std::string_view rest = out_; !ec && !rest.empty();) {
      rest.remove_prefix(transport_.write_some(rest, deadline, ec));
    }
    if (ec) close();
    out_.clear();
  }

  template <class OnRow>
  void read_reply(protocol::ReplyDecoder::Expected expected, Deadline deadline, std::error_code& ec,
                  OnRow&& on_row) {
    protocol::ReplyDecoder decoder{expected};
    for (;;) {
      const std::string_view received{in_.data() + in_begin_, in_end_ - in_begin_};
      in_begin_ += decoder.feed(received, on_row);
      if (decoder.done()) break;
      in_begin_ = 0;
      in_end_ = transport_.read_some(in_, deadline, ec);
      if (ec) return close();
    }
    ec = decoder.error();
    if (!ec) return;
    culprit_ = decoder.offending_line();
    if (ec != errc::command_refused) close();
  }

  /// After the last reply, bytes that nobody asked for mean that client and server are out of step.
  void expect_no_more(std::error_code& ec) {
    if (in_begin_ == in_end_) return;
    const std::string_view rest{in_.data() + in_begin_, in_end_ - in_begin_};
    fail(errc::unexpected_data, rest.substr(0, rest.find('\n')), ec);
    close();
  }

  void fail(errc code, std::string_view culprit, std::error_code& ec) {
    ec = code;
    culprit_ = culprit;
  }

  void close() noexcept {
    transport_.close();
    is_open_ = false;
    in_begin_ = in_end_ = 0;
  }

  void throw_if(std::error_code ec, const std::string& call) const {
    if (!ec) return;
    throw ClientError{ec, "statwire: " + call + (culprit_.empty() ? "" : ": '" + culprit_ + "'")};
  }

  std::chrono::milliseconds timeout_;
  Transport transport_;
  bool is_open_ = false;
  std::size_t stored_ = 0;  ///< Puts of the last batch that the server has acknowledged.
  std::string culprit_;     ///< The key or the line that the last error is about.
  std::string out_;
  std::vector<char> in_ = std::vector<char>(16384);
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
};

}  // namespace statwire
