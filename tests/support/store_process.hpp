#pragma once

// Runs the programs of examples/online_store as a user would. STATWIRE_EXAMPLES is where they are.

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/detail/httplib.hpp"
#include "statwire/prometheus.hpp"
#include "support/child_process.hpp"
#include "support/daemon.hpp"
#include "support/loopback.hpp"

namespace statwire::test {

inline std::vector<std::string> joined(std::vector<std::string> left, const std::vector<std::string>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

/// What stands behind the words, up to one of `ends`, once the program has printed it.
inline std::string word_after(ChildProcess& process, const std::string& words, const char* ends) {
  process.read_until(words);
  const std::size_t begin = process.output().find(words) + words.size();
  while (process.output().find_first_of(ends, begin) == std::string::npos) process.read_until("\n", begin);
  return process.output().substr(begin, process.output().find_first_of(ends, begin) - begin);
}

inline httplib::Client client_of(const std::string& url) {
  httplib::Client client{url};
  client.set_connection_timeout(patience);
  client.set_read_timeout(patience);
  return client;
}

/// online_store on free ports.
class StoreProcess {
 public:
  explicit StoreProcess(const std::vector<std::string>& flags)
      : process_{joined({example_path("online_store"), "--page", "127.0.0.1:0", "--api", "127.0.0.1:0",
                         "--raw-page", "127.0.0.1:0"},
                        flags)} {
    page_url = "http://" + word_after(process_, "page for Prometheus at http://", "/");
    api_url = "http://" + word_after(process_, "live page at http://", "/");
  }

  std::vector<PrometheusFamily> page() const {
    const auto answer = client_of(page_url).Get("/metrics");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    return parse_prometheus(answer->body);
  }

  /// Of a sample of the page, by its name.
  double value(const std::string& name) const {
    const auto families = page();
    const PrometheusSample* const sample = find_sample(families, name);
    REQUIRE_MESSAGE(sample != nullptr, name);
    return sample->value;
  }

  /// Asks for the page until a sample is as large; the test fails when it never is.
  void wait_for(const std::string& name, double least, std::chrono::seconds limit = patience) const {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (double seen = value(name); seen < least; seen = value(name)) {
      REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end,
                      name << " is " << seen << ", not yet " << least);
      std::this_thread::sleep_for(std::chrono::milliseconds{20});  // between two questions
    }
  }

  int end(int signal) {
    process_.signal(signal);
    return process_.wait();
  }

  ChildProcess& process() { return process_; }
  const std::string& output() const { return process_.output(); }

  std::string page_url;
  std::string api_url;

 private:
  ChildProcess process_;
};

/// shop_feed, with a cluster that others can reach.
class FeedProcess {
 public:
  explicit FeedProcess(const std::vector<std::string>& flags)
      : process_{joined({example_path("shop_feed")}, flags)},
        brokers{word_after(process_, "brokers ", ",")} {}

  void wait_until_sent() { process_.read_until("sent "); }

 private:
  ChildProcess process_;

 public:
  const std::string brokers;
};

}  // namespace statwire::test
