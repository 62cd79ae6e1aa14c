#pragma once

// Where the flushes of a StatsD server go: Graphite, a console, a callback. One that fails or waits does not
// keep the others from theirs.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "statwire/graphite.hpp"
#include "statwire/server/flushed_batch.hpp"
#include "statwire/server/flushed_line.hpp"
#include "statwire/server/statsd_server_options.hpp"

namespace statwire::server::detail {

/// Threads: give() by one at a time, everything else from any.
class StatsdOutputs {
 public:
  /// Errors as of GraphiteClient.
  explicit StatsdOutputs(const StatsdServerOptions& options)
      : console_{options.console}, on_flush_{options.on_flush} {
    if (options.graphite.empty()) return;
    constexpr std::chrono::milliseconds length_of_a_flush{
        100};  // so that one becomes no more batches than it must
    graphite_.emplace(options.graphite, GraphiteOptions{.flush_interval = length_of_a_flush,
                                                        .max_spool_bytes = options.max_spool_bytes,
                                                        .close_timeout = options.close_timeout});
  }

  void give(const FlushedBatch& batch) {
    if (graphite_) {
      for (const FlushedLine line : batch) graphite_->send(line.path, line.value, line.timestamp);
    }
    if (console_ != nullptr) print(batch);
    if (on_flush_) on_flush_(batch);
  }

  /// Waits until Graphite has what it was given; false when it has not in time.
  bool wait(std::chrono::milliseconds timeout) { return !graphite_ || graphite_->flush(timeout); }

  /// Flushes that the console did not take whole.
  std::uint64_t failed_prints() const noexcept { return failed_prints_; }

  GraphiteStats graphite_stats() const { return graphite_ ? graphite_->stats() : GraphiteStats{}; }

 private:
  void print(const FlushedBatch& batch) {
    text_.clear();
    for (const FlushedLine line : batch) append_flushed_line(text_, line);
    const bool is_whole = std::fwrite(text_.data(), 1, text_.size(), console_) == text_.size();
    if (std::fflush(console_) != 0 || !is_whole) ++failed_prints_;
  }

  std::optional<GraphiteClient<>> graphite_;
  std::FILE* console_;
  std::function<void(const FlushedBatch&)> on_flush_;
  std::string text_;
  std::atomic<std::uint64_t> failed_prints_{0};
};

}  // namespace statwire::server::detail
