#pragma once

// Points with numbers, for tests of GraphiteClient: which arrived is seen at a glance.

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "statwire/graphite.hpp"
#include "support/line_listener.hpp"

namespace statwire::test {

template <class Client>
void check_sum(const Client& graphite) {
  const GraphiteStats stats = graphite.stats();
  CHECK(stats.accepted == stats.delivered + stats.pending + stats.dropped);
}

/// `n<number> <number> 1` for each number.
template <class Client>
void send_numbers(Client& graphite, int first, int end) {
  for (int i = first; i < end; ++i) graphite.send("n" + std::to_string(i), i, 1);
}

inline std::set<std::string> number_lines(int first, int end) {
  std::set<std::string> lines;
  for (int i = first; i < end; ++i) {
    lines.insert("n" + std::to_string(i) + " " + std::to_string(i) + " 1");
  }
  return lines;
}

/// The lines of all connections that ended with a line feed.
inline std::set<std::string> whole_lines(const LineListener& listener) {
  std::set<std::string> whole;
  for (std::size_t i = 0; i < listener.connection_count(); ++i) {
    std::vector<std::string> lines = listener.lines(i);
    lines.pop_back();  // empty, or broken off
    whole.insert(lines.begin(), lines.end());
  }
  return whole;
}

}  // namespace statwire::test
