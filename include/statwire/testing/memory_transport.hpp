#pragma once

// Keeps what a StatsD client sends, for tests of code that is measured: no socket, no thread, no sleep.
//
//   statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
//   code_under_test(statsd);
//   statsd.flush();
//   CHECK(statsd.transport().lines() == std::vector<std::string>{"hits:1|c"});

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace statwire::testing {

/// A DatagramTransport that remembers every datagram, and fails when it is told to. One thread at a time.
class MemoryTransport {
 public:
  std::error_code send(std::string_view datagram) noexcept {
    if (failure_) return failure_;
    datagrams_.emplace_back(datagram);
    return {};
  }

  /// What was sent, in order.
  const std::vector<std::string>& datagrams() const noexcept { return datagrams_; }

  /// The lines of all datagrams, in order.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const std::string& datagram : datagrams_) {
      for (std::size_t begin = 0; begin <= datagram.size();) {
        const std::size_t end = std::min(datagram.find('\n', begin), datagram.size());
        lines.push_back(datagram.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    return lines;
  }

  void clear() noexcept { datagrams_.clear(); }

  /// Makes every later send fail with this error; no error makes them succeed again.
  void fail_with(std::error_code failure) noexcept { failure_ = failure; }

 private:
  std::vector<std::string> datagrams_;
  std::error_code failure_;
};

}  // namespace statwire::testing
