#pragma once

// carbon-cache, the reference store of Graphite, in a folder and on ports of its own, and what it has stored.

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/child_process.hpp"
#include "support/points.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

namespace statwire::test {

/// The interpreter that Debian's modules are installed for.
inline constexpr const char* debian_python = "/usr/bin/python3";

/// Prints `name time value` for each point of each file below a folder. A file that is shorter than Carbon's
/// schema makes it (16 bytes of header, 12 of an archive, 12 a point) is being made just now, and holds none.
inline constexpr const char* whisper_reader = R"(
import os, sys, time, whisper
for folder, _, files in os.walk(sys.argv[1]):
    for file in files:
        path = os.path.join(folder, file)
        if os.path.getsize(path) < 16 + 12 + 12 * 3600:
            continue
        name = os.path.relpath(path, sys.argv[1])[:-len('.wsp')].replace('/', '.')
        (begin, end, step), values = whisper.fetch(path, int(time.time()) - 3500)
        for i, value in enumerate(values):
            if value is not None:
                print(name, begin + i * step, repr(value))
)";

/// Limits nothing: it stores as fast as it can, a point for each second, of the last hour.
class Carbon {
 public:
  /// Not yet started; see find_daemon("carbon-cache").
  explicit Carbon(std::filesystem::path program) : program_{std::move(program)} {
    std::string text = "[cache]\n";
    for (const char* use : {"STORAGE_DIR", "CONF_DIR", "LOG_DIR", "PID_DIR"}) {
      text += std::string{use} + " = " + scratch_.path().string() + "/\n";
    }
    text += "LOCAL_DATA_DIR = " + data().string() + "/\n";
    // Nothing limits how fast it stores, and what it logs would fill a pipe that nobody reads meanwhile.
    for (const char* limit : {"MAX_CACHE_SIZE", "MAX_UPDATES_PER_SECOND", "MAX_CREATES_PER_MINUTE"}) {
      text += std::string{limit} + " = inf\n";
    }
    text += "LOG_UPDATES = False\nLOG_CREATES = False\nLOG_LISTENER_CONN_SUCCESS = False\n";
    text += "DATABASE = whisper\nENABLE_TAGS = False\nCARBON_METRIC_INTERVAL = 0\nUSER =\n";
    text += "LINE_RECEIVER_INTERFACE = 127.0.0.1\nLINE_RECEIVER_PORT = " + std::to_string(port_) + "\n";
    text += "PICKLE_RECEIVER_INTERFACE = 127.0.0.1\nPICKLE_RECEIVER_PORT = " + std::to_string(pickle_port_) +
            "\n";
    text += "ENABLE_UDP_LISTENER = False\nCACHE_QUERY_INTERFACE = 127.0.0.1\n";
    text += "CACHE_QUERY_PORT = " + std::to_string(free_tcp_port()) + "\n";
    configuration_ = scratch_.write("carbon.conf", text);
    scratch_.write("storage-schemas.conf", "[all]\npattern = .*\nretentions = 1s:1h\n");
    scratch_.write("storage-aggregation.conf",
                   "[all]\npattern = .*\nxFilesFactor = 0\naggregationMethod = last\n");
  }

  /// Where it takes lines.
  std::uint16_t port() const { return port_; }

  /// Where it takes pickles.
  std::uint16_t pickle_port() const { return pickle_port_; }

  void start() {
    const std::filesystem::path pid = scratch_.path() / "pid";
    std::filesystem::remove(pid);  // one that is killed leaves it there
    process_.emplace(std::vector<std::string>{program_, "--config=" + configuration_,
                                              "--pidfile=" + pid.string(), "--nodaemon", "start"});
  }

  void signal(int signal) const { process_->signal(signal); }
  void stop() { process_->stop(); }

  /// Signals it, and waits until it has gone.
  void end(int signal) {
    process_->signal(signal);
    process_->wait();
  }

  /// What is in its files.
  Points points() const {
    Points points;
    ChildProcess reading{{debian_python, "-c", whisper_reader, data()}};
    const int status = reading.wait();
    REQUIRE_MESSAGE(status == 0, reading.output());
    for (const std::string& line : split(reading.output(), '\n')) {
      if (line.empty()) continue;
      const std::vector<std::string> words = split(line, ' ');
      REQUIRE(words.size() == 3);
      points[words[0]][static_cast<std::int64_t>(number_of(words[1]))] = number_of(words[2]);
    }
    return points;
  }

 private:
  std::filesystem::path data() const { return scratch_.path() / "whisper"; }

  const ScratchDirectory scratch_;
  std::filesystem::path program_;
  std::uint16_t port_ = free_tcp_port();
  std::uint16_t pickle_port_ = free_tcp_port();
  std::string configuration_;
  std::optional<ChildProcess> process_;
};

}  // namespace statwire::test
