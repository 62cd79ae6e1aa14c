#pragma once

// What statsd_server says in its log.

#include <statwire/server/statsd_server.hpp>
#include <string>

#include "statsd_server/settings.hpp"

namespace statsd_server {

/// Where it listens, where it flushes to, and a warning when others reach it.
std::string start_line(const Settings& settings);

/// Where flushes go, and how often.
std::string flush_words(const Settings& settings);

/// What became of what came: what went wrong is named where there is any.
std::string stop_line(const statwire::server::StatsdServerStats& stats);

/// Says when Graphite begins to take no flushes, and when it takes them again. One thread at a time.
class GraphiteWatch {
 public:
  /// A line for the log; mostly empty.
  std::string look_at(const statwire::GraphiteStats& stats);

 private:
  bool fails_ = false;
};

}  // namespace statsd_server
