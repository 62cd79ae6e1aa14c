#pragma once

// The reference daemon, statsd for Node.js, as a child: with its ports, its admin commands and its flushes,
// which come when the test wants them.

#include <ostream>

#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "support/child_process.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

namespace statwire::test {

/// What one flush says: the value of each path. A path that comes more than once has further entries, `path
/// (2)`, ascending by value, for their order is that of the daemon's tables.
using Flushed = std::map<std::string, double>;

/// Reads `path value timestamp` lines; a path may hold blanks.
inline Flushed read_flush(std::string_view text) {
  std::multimap<std::string, double> lines;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) continue;
    const std::size_t time = line.rfind(' ');
    const std::size_t value = line.rfind(' ', time - 1);
    REQUIRE_MESSAGE(value != std::string::npos, line);
    lines.emplace(line.substr(0, value), number_of(line.substr(value + 1, time - value - 1)));
  }
  Flushed flushed;
  for (auto line = lines.begin(); line != lines.end();) {
    const auto end = lines.upper_bound(line->first);
    std::vector<double> values;
    for (; line != end; ++line) values.push_back(line->second);
    std::sort(values.begin(), values.end(),
              [](double a, double b) { return a < b || (!std::isnan(a) && std::isnan(b)); });
    const std::string path = std::prev(end)->first;
    for (std::size_t i = 0; i < values.size(); ++i) {
      flushed.emplace(i == 0 ? path : path + " (" + std::to_string(i + 1) + ")", values[i]);
    }
  }
  return flushed;
}

/// Takes the connections that a daemon opens to Graphite, one a flush.
class GraphiteListener {
 public:
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// The next flush; the test fails when none comes.
  Flushed next_flush() {
    asio::ip::tcp::socket socket{io_};
    bool accepted = false;
    acceptor_.async_accept(socket, [&](std::error_code ec) { accepted = !ec; });
    io_.restart();
    io_.run_for(patience);
    REQUIRE_MESSAGE(accepted, "there was no flush");
    return read_flush(read_to_end(socket));
  }

 private:
  static std::string read_to_end(asio::ip::tcp::socket& socket) {
    std::string text;
    std::array<char, 4096> buffer;
    std::error_code ec;
    while (!ec) text.append(buffer.data(), socket.read_some(asio::buffer(buffer), ec));
    return text;
  }

  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
};

/// Asks an admin port; returns the answer, which has to end so.
inline std::string ask_admin(std::uint16_t port, const std::string& command, const std::string& ending) {
  RawConnection connection{port};
  connection.send(command + "\n");
  return connection.read_until(ending);
}

class NpmStatsd {
 public:
  /// Where setup.sh installs it.
  static std::filesystem::path program() { return STATWIRE_COUNTERPARTS "/node_modules/statsd/stats.js"; }

  /// Starts it with options as its configuration has them: `percentThreshold: [90], ...`. Returns when it
  /// listens.
  explicit NpmStatsd(const std::string& options) {
    // The daemon's own code, but its flush timer goes off when the test says so, and at no other time: what
    // is sent between two flushes is in one interval.
    const std::string timer = scratch_.write("timer.js", R"(
let flush;
const set_timer = global.setTimeout;
global.setTimeout = (call, ...rest) => {
  if (call.name !== 'flushMetrics') return set_timer(call, ...rest);
  flush = call;
};
process.on('SIGUSR2', () => flush());
)");
    const std::string config = scratch_.write("config.js", configuration(options));
    // What it logs would fill a pipe that nobody reads meanwhile.
    const std::string run = "exec \"$@\" >\"$0\" 2>&1";
    process_.emplace(std::vector<std::string>{"sh", "-c", run, log(), "node", "--require", timer,
                                              program().string(), config});
    wait_for_listener(admin_port_);
    ask("help", "\n\n");
  }

  std::uint16_t port() const { return port_; }
  std::uint16_t tcp_port() const { return tcp_port_; }
  std::uint16_t admin_port() const { return admin_port_; }

  std::string ask(const std::string& command, const std::string& ending = "END\n\n") const {
    return ask_admin(admin_port_, command, ending);
  }

  /// Waits until it has received so many packets since the last flush.
  void wait_for_packets(std::uint64_t count, const std::string& prefix_stats = "statsd") const {
    const std::string wanted = "'" + prefix_stats + ".packets_received': " + std::to_string(count) + ",";
    wait_until("packets at npm statsd", [&] { return ask("counters").find(wanted) != std::string::npos; });
  }

  Flushed flush() {
    process_->signal(SIGUSR2);
    return graphite_.next_flush();
  }

 private:
  std::string configuration(const std::string& options) const {
    const auto server = [](const std::string& kind, std::uint16_t port) {
      return "{ server: './servers/" + kind + "', address: '127.0.0.1', port: " + std::to_string(port) + " }";
    };
    return "{ servers: [" + server("udp", port_) + ", " + server("tcp", tcp_port_) +
           "], mgmt_address: '127.0.0.1', mgmt_port: " + std::to_string(admin_port_) +
           ", automaticConfigReload: false, backends: ['./backends/graphite'], graphiteHost: '127.0.0.1'"
           ", graphitePort: " +
           std::to_string(graphite_.port()) + ", " + options + " }\n";
  }

  std::string log() const { return scratch_.path() / "log"; }

  const ScratchDirectory scratch_;
  GraphiteListener graphite_;
  std::uint16_t port_ = free_udp_port();
  std::uint16_t tcp_port_ = free_tcp_port();
  std::uint16_t admin_port_ = free_tcp_port();
  std::optional<ChildProcess> process_;
};

}  // namespace statwire::test
