#pragma once

// What a StatsD server is without its sockets: the aggregator, shared by the threads that receive, flush and
// answer, and the ways out. The receiving threads never wait for the others: see packet_intake.hpp.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/graphite_options.hpp"
#include "statwire/server/flushed_batch.hpp"
#include "statwire/server/prometheus_totals.hpp"
#include "statwire/server/statsd_admin.hpp"
#include "statwire/server/statsd_aggregator.hpp"
#include "statwire/server/statsd_option_check.hpp"
#include "statwire/server/statsd_outputs.hpp"
#include "statwire/server/statsd_server_options.hpp"
#include "statwire/server/statsd_server_stats.hpp"

namespace statwire::server {

namespace detail {

/// The time, as those parts of a server have it that have no clock of their own.
inline UnixTime unix_now() noexcept {
  return std::chrono::duration_cast<UnixTime>(std::chrono::system_clock::now().time_since_epoch());
}

/// Counts of the threads that receive and answer.
struct StatsdCounts {
  std::atomic<std::uint64_t> dropped_packets{0};
  std::atomic<std::uint64_t> lost_datagrams{0};
  std::atomic<std::uint64_t> long_lines{0};
  std::atomic<std::uint64_t> half_lines{0};
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::uint64_t> refused_commands{0};
  std::atomic<std::uint64_t> unrepeated{0};
  std::atomic<std::uint64_t> failed_prints{0};
};

/// Whether a thread waits for the aggregator while another has it.
enum class Waiting { never, always };

/// Any thread may call anything.
class StatsdCore {
 public:
  /// Errors: ClientError errc::invalid_option.
  explicit StatsdCore(StatsdServerOptions options)
      : options_{require_valid(std::move(options))},
        start_{unix_now()},
        aggregator_{options_.aggregation, start_},
        admin_{aggregator_, start_, admin_config(options_)},
        outputs_{std::make_shared<StatsdOutputs>(options_, nullptr, counts_.failed_prints)},
        flush_interval_{options_.flush_interval.count()} {
    if (options_.prometheus) prometheus_.emplace(options_.aggregation.max_series);
  }

  /// Those that the server was made with: where it listens, and what never changes.
  const StatsdServerOptions& options() const noexcept { return options_; }

  std::chrono::milliseconds flush_interval() const noexcept {
    return std::chrono::milliseconds{flush_interval_.load(std::memory_order_relaxed)};
  }

  StatsdCounts& counts() noexcept { return counts_; }

  /// Sums packets, in their order. While another thread has the aggregator it waits, or returns false, having
  /// done nothing.
  bool sum(std::span<const std::string_view> packets, Waiting waiting) {
    {
      std::unique_lock lock{mutex_, std::defer_lock};
      if (waiting == Waiting::always) lock.lock();
      if (!lock && !lock.try_lock()) return false;
      const UnixTime now = unix_now();
      for (const std::string_view packet : packets) aggregator_.add(packet, now);
    }
    summed_.notify_all();
    return true;
  }

  bool wait_for_packets(std::uint64_t count, std::chrono::milliseconds timeout) {
    std::unique_lock lock{mutex_};
    return summed_.wait_until(lock, deadline_after(timeout),
                              [&] { return aggregator_.totals().packets >= count; });
  }

  /// Flushes to every way out, one flush at a time.
  void flush(UnixTime now) {
    const std::lock_guard flushing{flush_mutex_};
    const auto begin = std::chrono::steady_clock::now();
    const auto milliseconds_since_begin = [&] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)
          .count();
    };
    // Of its own each time, and as large as the last: kept, it would take more memory than the series.
    FlushedBatch batch;
    batch.reserve(last_points_, last_path_bytes_);
    std::shared_ptr<StatsdOutputs> outputs;
    {
      const std::lock_guard lock{mutex_};
      outputs = outputs_;
      aggregator_.flush(
          now, graphite_status(), [&](const FlushedLine& line) { batch.add(line); },
          [this](const StatsdSeries& series) {
            if (prometheus_) prometheus_->take(series);
          });
    }
    last_points_ = batch.size();
    last_path_bytes_ = batch.path_bytes();
    calculation_ms_ = milliseconds_since_begin();
    outputs->give(batch);
    processing_ms_ = milliseconds_since_begin();
    last_flush_ = now.count();
    ++flushes_;
    reconfigure_now();
  }

  /// Flushes what has come since the last flush, and bears the time at which that would have been due: by an
  /// earlier one, it would take the place of the last whole interval in Graphite, which keeps one point for
  /// each.
  void flush_last() {
    const UnixTime now = unix_now();
    flush(std::clamp(UnixTime{last_flush_} + flush_interval(), now, now + flush_interval()));
  }

  /// Waits until Graphite has taken all flushes, or for as long as the options say.
  void settle() {
    std::shared_ptr<StatsdOutputs> outputs;
    {
      const std::lock_guard lock{mutex_};
      outputs = outputs_;
    }
    outputs->wait();
  }

  /// Takes effect right after the next flush.
  void reconfigure(StatsdServerOptions options) {
    options = require_valid(std::move(options));
    require_same_place(options);
    std::shared_ptr<StatsdOutputs> outputs;
    {
      const std::lock_guard lock{mutex_};
      outputs = outputs_;
    }
    auto next = std::make_shared<StatsdOutputs>(options, outputs.get(), counts_.failed_prints);
    const std::lock_guard lock{mutex_};
    next_ = std::make_unique<Next>(Next{std::move(options), std::move(next)});
  }

  AdminReply answer(std::string_view command) {
    const std::lock_guard lock{mutex_};
    return admin_.reply(command, unix_now(), graphite_status());
  }

  SeriesSnapshot snapshot() {
    const std::lock_guard lock{mutex_};
    return aggregator_.snapshot();
  }

  std::string prometheus_text() {
    std::optional<PrometheusTotals> totals;  // a copy, for the text takes many times as long
    {
      const std::lock_guard lock{mutex_};
      totals = prometheus_;
    }
    return totals ? totals->text() : std::string{};
  }

  StatsdServerStats stats() {
    StatsdServerStats stats;
    {
      const std::lock_guard lock{mutex_};
      const AggregatorTotals totals = aggregator_.totals();
      stats.packets = totals.packets;
      stats.lines = totals.lines;
      stats.bad_values = totals.bad_values;
      stats.dropped_samples = totals.dropped_samples;
      stats.graphite = outputs_->graphite_stats();
    }
    stats.dropped_packets = counts_.dropped_packets;
    stats.lost_datagrams = counts_.lost_datagrams;
    stats.long_lines = counts_.long_lines;
    stats.half_lines = counts_.half_lines;
    stats.refused_connections = counts_.refused_connections;
    stats.refused_commands = counts_.refused_commands;
    stats.unrepeated = counts_.unrepeated;
    stats.failed_prints = counts_.failed_prints;
    stats.flushes = flushes_;
    return stats;
  }

 private:
  /// Options that wait for the next flush, with their ways out opened.
  struct Next {
    StatsdServerOptions options;
    std::shared_ptr<StatsdOutputs> outputs;
  };

  void reconfigure_now() {
    const std::lock_guard lock{mutex_};
    if (!next_) return;
    aggregator_.reconfigure(next_->options.aggregation);
    if (!next_->options.prometheus) {
      prometheus_.reset();
    } else if (!prometheus_) {
      prometheus_.emplace(next_->options.aggregation.max_series);
    }
    flush_interval_ = next_->options.flush_interval.count();
    outputs_ = std::move(next_->outputs);
    next_.reset();
  }

  /// What the sockets were opened with stays as it is.
  void require_same_place(const StatsdServerOptions& next) const {
    const auto require_same = [&](std::string_view name, const auto& now, const auto& then) {
      if (now == then) return;
      statwire::detail::fail(errc::invalid_option, "statwire: StatsD server: " + std::string{name} +
                                                       " cannot change while the server is there");
    };
    require_same("address", options_.address, next.address);
    require_same("port", options_.port, next.port);
    require_same("flush", options_.flush, next.flush);
    require_same("tcp_port", options_.tcp_port, next.tcp_port);
    require_same("unix_path", options_.unix_path, next.unix_path);
    require_same("admin_port", options_.admin_port, next.admin_port);
    require_same("admin_address", options_.admin_address, next.admin_address);
    require_same("udp_sockets", options_.udp_sockets, next.udp_sockets);
    require_same("repeat_to", options_.repeat_to, next.repeat_to);
    require_same("receive_buffer_bytes", options_.receive_buffer_bytes, next.receive_buffer_bytes);
    require_same("max_backlog_bytes", options_.max_backlog_bytes, next.max_backlog_bytes);
    require_same("max_line_bytes", options_.max_line_bytes, next.max_line_bytes);
    require_same("max_connections", options_.max_connections, next.max_connections);
    require_same("max_admin_connections", options_.max_admin_connections, next.max_admin_connections);
    require_same("admin_idle", options_.admin_idle, next.admin_idle);
  }

  /// Of the flush before, as the reference daemon has it. Called with the lock.
  GraphiteStatus graphite_status() const {
    const GraphiteStats graphite = outputs_->graphite_stats();
    return {.calculation_ms = calculation_ms_,
            .processing_ms = processing_ms_,
            .last_exception = graphite.last_failure,
            .last_flush = graphite.last_delivery != 0
                              ? graphite.last_delivery
                              : std::chrono::floor<std::chrono::seconds>(start_).count(),
            .flush_time_ms = graphite.delivery_time.count(),
            .flush_length = graphite.delivery_bytes};
  }

  /// What the command `config` shows beside what the aggregator knows.
  static std::vector<StatsdAdmin::Option> admin_config(const StatsdServerOptions& options) {
    std::vector<StatsdAdmin::Option> config{{"address", options.address},
                                            {"port", std::to_string(options.port)}};
    if (options.admin_port) {
      config.emplace_back("mgmt_address", options.admin_address);
      config.emplace_back("mgmt_port", std::to_string(*options.admin_port));
    }
    for (std::size_t i = 0; i < options.repeat_to.size(); ++i) {
      config.emplace_back("repeater > " + std::to_string(i), options.repeat_to[i]);
    }
    return config;
  }

  const StatsdServerOptions options_;
  const UnixTime start_;
  StatsdCounts counts_;

  std::mutex mutex_;  ///< Guards these:
  std::condition_variable summed_;
  Aggregator aggregator_;
  StatsdAdmin admin_;
  std::optional<PrometheusTotals> prometheus_;
  std::shared_ptr<StatsdOutputs> outputs_;
  std::unique_ptr<Next> next_;

  std::mutex flush_mutex_;  ///< Held through a flush; taken before the other. Guards these:
  std::size_t last_points_ = 0;
  std::size_t last_path_bytes_ = 0;

  std::atomic<std::int64_t> flush_interval_;  ///< In milliseconds.
  std::atomic<std::int64_t> calculation_ms_{0};
  std::atomic<std::int64_t> processing_ms_{0};
  std::atomic<std::uint64_t> flushes_{0};
  std::atomic<std::int64_t> last_flush_{0};  ///< UnixTime; 0: there was none.
};

}  // namespace detail

}  // namespace statwire::server
