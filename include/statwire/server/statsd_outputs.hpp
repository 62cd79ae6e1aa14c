#pragma once

// Where the flushes of a StatsD server go: Graphite, in the background, and then a console and a callback,
// which it waits for.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "statwire/graphite.hpp"
#include "statwire/server/flushed_batch.hpp"
#include "statwire/server/flushed_line.hpp"
#include "statwire/server/statsd_server_options.hpp"

namespace statwire::server::detail {

/// Threads: give() by one at a time, everything else from any.
class StatsdOutputs {
 public:
  /// Goes on with the connection of `previous` (or null) and all that waits there, unless it is to lead
  /// elsewhere. Errors as of GraphiteClient.
  StatsdOutputs(const StatsdServerOptions& options, const StatsdOutputs* previous,
                std::atomic<std::uint64_t>& failed_prints)
      : address_{options.graphite},
        max_spool_bytes_{options.max_spool_bytes},
        close_timeout_{options.close_timeout},
        console_{options.console},
        on_flush_{options.on_flush},
        failed_prints_{failed_prints} {
    if (previous != nullptr && previous->address_ == address_ &&
        previous->max_spool_bytes_ == max_spool_bytes_ && previous->close_timeout_ == close_timeout_) {
      graphite_ = previous->graphite_;
      return;
    }
    if (options.graphite.empty()) return;
    // So that a flush becomes no more batches than it must; and what bounds the end also bounds a connect.
    constexpr std::chrono::milliseconds length_of_a_flush{100};
    constexpr std::chrono::milliseconds shortest_connect{1000};
    graphite_ = std::make_shared<GraphiteClient<>>(
        address_, GraphiteOptions{.flush_interval = length_of_a_flush,
                                  .max_spool_bytes = max_spool_bytes_,
                                  .close_timeout = std::max(close_timeout_, shortest_connect)});
  }

  void give(const FlushedBatch& batch) {
    if (graphite_) {
      for (const FlushedLine line : batch) graphite_->send(line.path, line.value, line.timestamp);
    }
    if (console_ != nullptr) print(batch);
    if (on_flush_) on_flush_(batch);
  }

  /// Waits until Graphite has what it was given, for close_timeout at most.
  void wait() {
    if (graphite_) graphite_->flush(close_timeout_);
  }

  GraphiteStats graphite_stats() const { return graphite_ ? graphite_->stats() : GraphiteStats{}; }

 private:
  void print(const FlushedBatch& batch) {
    bool is_whole = true;
    for (const FlushedLine line : batch) {
      line_.clear();
      append_flushed_line(line_, line);
      is_whole = std::fwrite(line_.data(), 1, line_.size(), console_) == line_.size() && is_whole;
    }
    if (std::fflush(console_) != 0 || !is_whole) ++failed_prints_;
  }

  const std::string address_;
  const std::size_t max_spool_bytes_;
  const std::chrono::milliseconds close_timeout_;
  std::shared_ptr<GraphiteClient<>> graphite_;
  std::FILE* console_;
  std::function<void(const FlushedBatch&)> on_flush_;
  std::string line_;
  std::atomic<std::uint64_t>& failed_prints_;
};

}  // namespace statwire::server::detail
