#pragma once

// VictoriaMetrics, which takes what Graphite and OpenTSDB take, in a folder and on ports of its own, and what
// it has stored.

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/child_process.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/points.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

namespace statwire::test {

class VictoriaMetrics {
 public:
  /// Not yet started; see find_daemon("victoria-metrics").
  explicit VictoriaMetrics(std::filesystem::path program) : program_{std::move(program)} {}

  std::uint16_t graphite_port() const { return graphite_port_; }
  std::uint16_t opentsdb_port() const { return opentsdb_port_; }

  /// Starts it; returns when its web interface answers.
  void start() {
    const auto address = [](std::uint16_t port) { return "=127.0.0.1:" + std::to_string(port); };
    process_.emplace(std::vector<std::string>{
        program_, "-httpListenAddr" + address(web_port_), "-graphiteListenAddr" + address(graphite_port_),
        "-opentsdbListenAddr" + address(opentsdb_port_),
        "-storageDataPath=" + (scratch_.path() / "data").string(), "-retentionPeriod=1",
        "-memory.allowedBytes=128MB", "-search.latencyOffset=0s", "-loggerLevel=WARN"});
    wait_for_listener(web_port_);
  }

  void signal(int signal) const { process_->signal(signal); }
  void stop() { process_->stop(); }

  void end(int signal) {
    process_->signal(signal);
    process_->wait();
  }

  /// What can be queried. A point that came twice is there twice, with the same value.
  Points points() {
    get("/internal/force_flush");
    Points points;
    for (const std::string& line : split(get("/api/v1/export?match%5B%5D=%7B__name__!=%22%22%7D"), '\n')) {
      if (line.empty()) continue;
      const auto series = nlohmann::json::parse(line);
      labels_ = series["metric"];
      auto& values = points[labels_["__name__"].get<std::string>()];
      for (std::size_t i = 0; i < series["values"].size(); ++i) {
        const std::int64_t milliseconds = series["timestamps"][i].get<std::int64_t>();
        CHECK(milliseconds % 1000 == 0);
        const double value = series["values"][i].get<double>();
        CHECK(values.try_emplace(milliseconds / 1000, value).first->second == value);
      }
    }
    return points;
  }

  /// Name and tags of a series that points() gave.
  const nlohmann::json& labels() const { return labels_; }

 private:
  std::string get(const std::string& path) const {
    RawConnection connection{web_port_};
    connection.send("GET " + path + " HTTP/1.0\r\n\r\n");
    const std::string answer = connection.read_to_end();
    REQUIRE_MESSAGE(split(answer, ' ').at(1) == "200", answer);
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }

  const ScratchDirectory scratch_;
  std::filesystem::path program_;
  std::uint16_t web_port_ = free_tcp_port();
  std::uint16_t graphite_port_ = free_tcp_port();
  std::uint16_t opentsdb_port_ = free_tcp_port();
  nlohmann::json labels_;
  std::optional<ChildProcess> process_;
};

}  // namespace statwire::test
