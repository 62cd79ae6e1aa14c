// Runs metrics_server as a user would; kills it under load, and looks for every point that it acknowledged.

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/metrics.hpp"
#include "statwire/server/metrics_server.hpp"
#include "support/child_process.hpp"
#include "support/daemon.hpp"
#include "support/line_listener.hpp"
#include "support/loopback.hpp"
#include "support/random_bytes.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

const std::string program = example_path("metrics_server");

struct Daemon : DaemonProcess {
  explicit Daemon(std::vector<std::string> flags = {}, std::uint16_t port = free_tcp_port())
      : DaemonProcess{"metrics_server", std::move(flags), port} {}
};

std::pair<int, std::string> run(std::vector<std::string> flags) {
  return run_example("metrics_server", std::move(flags));
}

/// Values by key and time.
using Points = std::map<std::pair<std::string, std::int64_t>, double>;

/// Puts without waiting for the answers, until the server is gone.
class Load {
 public:
  Load(std::uint16_t port, std::string name, std::int64_t first)
      : name_{std::move(name)}, next_{first}, thread_{[this, port] { run(port); }} {}

  std::size_t acknowledged() const { return acknowledged_; }

  /// After the server is gone: adds what was sent, and what of it was acknowledged. Returns the number of the
  /// point that comes next.
  std::int64_t collect(Points& sent, Points& acknowledged) {
    thread_.join();
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      sent.insert(sent_[i]);
      if (i < acknowledged_) acknowledged.insert(sent_[i]);
    }
    CHECK(refusal_ == "");
    return next_;
  }

 private:
  static constexpr int batch = 100;

  void run(std::uint16_t port) {
    TcpTransport transport{"127.0.0.1", port};
    std::error_code ec;
    transport.connect(soon(), ec);
    std::size_t answers = 0;
    while (!ec) {
      send_batch(transport, ec);
      // Always one batch ahead, so that the server has work when it is killed.
      while (!ec && answers + batch < sent_.size()) answers += read(transport, ec);
    }
    while (read_rest(transport)) {
    }
  }

  void send_batch(TcpTransport& transport, std::error_code& ec) {
    std::string requests;
    for (int i = 0; i < batch; ++i, ++next_) {
      const std::string key = name_ + ".k" + std::to_string(next_ % 7);
      const double value = static_cast<double>(next_) / 2;
      sent_.push_back({{key, next_}, value});
      protocol::append_put(requests, key, value, next_);
    }
    std::string_view rest = requests;
    while (!ec && !rest.empty()) rest.remove_prefix(transport.write_some(rest, soon(), ec));
  }

  /// Reads some bytes of answers; returns how many answers that completed.
  std::size_t read(TcpTransport& transport, std::error_code& ec) {
    constexpr std::string_view ok = "ok\n\n";
    std::array<char, 4096> buffer;
    const std::size_t size = transport.read_some(buffer, soon(), ec);
    answer_bytes_ += size;
    for (std::size_t i = 0; i < size; ++i) {
      if (buffer[i] != ok[(answer_bytes_ - size + i) % ok.size()]) refusal_.assign(buffer.data(), size);
    }
    const std::size_t before = acknowledged_;
    acknowledged_ = answer_bytes_ / ok.size();
    return acknowledged_ - before;
  }

  /// What was answered before the end is an acknowledgement like any other.
  bool read_rest(TcpTransport& transport) {
    std::error_code ec;
    read(transport, ec);
    return !ec;
  }

  std::string name_;
  std::int64_t next_;
  std::vector<Points::value_type> sent_;
  std::size_t answer_bytes_ = 0;
  std::string refusal_;
  std::atomic<std::size_t> acknowledged_{0};
  std::thread thread_;
};

Points stored_points(std::uint16_t port) {
  MetricsClient client{"127.0.0.1", port, std::chrono::milliseconds{patience}};
  Points points;
  for (const auto& [key, samples] : client.get("*")) {
    for (const Sample& sample : samples) points[{key, sample.timestamp}] = sample.value;
  }
  return points;
}

}  // namespace

TEST_CASE("metrics_server: it serves, and ends with status 0 at either signal") {
  for (const int signal : {SIGTERM, SIGINT}) {
    Daemon daemon;
    CHECK(daemon.output() == "metrics_server: listening on 127.0.0.1:" + std::to_string(daemon.port()) +
                                 ", points are kept in memory\n");
    MetricsClient client{"127.0.0.1", daemon.port()};
    client.put("a", 0.5, 7);
    CHECK(client.get("a").at("a").at(0).value == 0.5);
    CHECK(daemon.end(signal) == 0);
    CHECK(split(daemon.output(), '\n').at(1) == "metrics_server: stopped with 1 series");
  }
}

TEST_CASE("metrics_server: with a store, the points are there after a restart") {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "metrics.db";
  {
    Daemon daemon{{"--store", path}};
    CHECK(daemon.output().ends_with(", points are kept in " + path + "\n"));
    MetricsClient{"127.0.0.1", daemon.port()}.put("a", 0.5, 7);
    CHECK(daemon.end(SIGTERM) == 0);
  }
  Daemon daemon{{"--store", path}};
  CHECK(stored_points(daemon.port()) == Points{{{"a", 7}, 0.5}});
  CHECK(daemon.end(SIGTERM) == 0);
}

TEST_CASE("metrics_server: what is put is passed on") {
  const LineListener listener;
  const ScratchDirectory scratch;
  const std::string port = std::to_string(listener.port());
  Daemon graphite{{"--forward", "graphite://localhost:" + port}};
  MetricsClient{"127.0.0.1", graphite.port()}.put("a", 0.5, 7);
  wait_until("a line of Graphite", [&] {
    return listener.lines(0) == std::vector<std::string>{"a 0.5 7", ""};
  });
  CHECK(graphite.end(SIGTERM) == 0);
  CHECK(graphite.output().ends_with("stopped with 1 series; passed on 1 of 1 points\n"));

  Daemon opentsdb{{"--store", scratch.path() / "metrics.db", "--forward", "opentsdb://127.0.0.1:" + port}};
  MetricsClient{"127.0.0.1", opentsdb.port()}.put("b", 1, 8);
  wait_until("a line of OpenTSDB", [&] {
    return listener.lines(1) == std::vector<std::string>{"put b 8 1 source=statwire", ""};
  });
  CHECK(opentsdb.end(SIGTERM) == 0);
}

TEST_CASE("metrics_server: limits hold") {
  Daemon daemon{{"--max-series", "1", "--max-connections", "1"}};
  MetricsClient client{"127.0.0.1", daemon.port()};
  client.put("a", 1, 1);
  client.put("a", 2, 2);
  std::error_code ec;
  client.put("b", 1, 1, ec);
  CHECK(ec == errc::command_refused);
  CHECK(RawConnection{daemon.port()}.read_to_end() == "error\ntoo many connections (limit 1)\n\n");
}

TEST_CASE("metrics_server: no more connections than there are descriptors for, and the start line says so") {
  const std::string listen = "127.0.0.1:" + std::to_string(free_tcp_port());
  ChildProcess process{{"/bin/sh", "-c", "ulimit -n 195; exec \"$0\" --listen " + listen, program}};
  CHECK(process.read_until("\n") == "metrics_server: listening on " + listen +
                                        ", points are kept in memory, at most 3 connections, not 10000, for "
                                        "want of descriptors (ulimit -n)\n");
  const auto port = static_cast<std::uint16_t>(std::stoi(listen.substr(listen.find(':') + 1)));
  RawConnection clients[3]{RawConnection{port}, RawConnection{port}, RawConnection{port}};
  for (RawConnection& client : clients) {
    client.send("get a\n");
    client.expect("ok\n\n");
  }
  CHECK(RawConnection{port}.read_to_end() == "error\ntoo many connections (limit 3)\n\n");
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("metrics_server: an address that others reach comes with a warning") {
  const std::string port = std::to_string(free_tcp_port());
  ChildProcess process{{program, "--listen", "0.0.0.0:" + port}};
  const std::string line = process.read_until("\n");
  CHECK(line.find("WARNING: no password") != std::string::npos);
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("metrics_server: help and version are answers, a usage error one line and status 2") {
  CHECK(run({"--help"}).first == 0);
  CHECK(run({"--version"}).first == 0);
  const auto [status, output] = run({"--listen", "now\nhere"});
  CHECK(status == 2);
  CHECK(output.starts_with("metrics_server: --listen: 'now?here' is not address:port"));
  CHECK(split(output, '\n').size() == 2);
}

TEST_CASE("metrics_server: a failure is one line and status 1") {
  server::MetricsServer other;
  other.start();
  const std::string port = std::to_string(other.port());
  const auto [status, output] = run({"--listen", "127.0.0.1:" + port});
  CHECK(status == 1);
  CHECK(output.starts_with("metrics_server: statwire: metrics server on '127.0.0.1' port " + port + ": "));
  CHECK(split(output, '\n').size() == 2);

  const ScratchDirectory scratch;
  const std::string free = "127.0.0.1:" + std::to_string(free_tcp_port());
  for (const std::string& path :
       {scratch.write("text", std::string(5000, 'x')), (scratch.path() / "none" / "metrics.db").string(),
        scratch.path().string()}) {
    CAPTURE(path);
    const auto [store_status, store_output] = run({"--listen", free, "--store", path});
    CHECK(store_status == 1);
    CHECK(store_output.find(path) != std::string::npos);
    CHECK(split(store_output, '\n').size() == 2);
  }
}

TEST_CASE(
    "metrics_server: killed under load, it has every point that it acknowledged and none that was not sent") {
  constexpr int rounds = 20;
  const ScratchDirectory scratch;
  const std::vector<std::string> flags{"--store", scratch.path() / "metrics.db"};
  const std::uint16_t port = free_tcp_port();
  RandomBytes random{5};
  Points sent;
  Points acknowledged;
  std::int64_t next[2] = {1, 1};
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    std::optional<Daemon> daemon{std::in_place, flags, port};
    {
      Load loads[2]{{port, "a", next[0]}, {port, "b", next[1]}};
      wait_until("answers to both",
                 [&] { return loads[0].acknowledged() > 0 && loads[1].acknowledged() > 0; });
      std::this_thread::sleep_for(std::chrono::microseconds{random.up_to(100'000)});  // any moment
      CHECK(daemon->end(SIGKILL) == 128 + SIGKILL);
      for (int i = 0; i < 2; ++i) next[i] = loads[i].collect(sent, acknowledged);
    }
    daemon.emplace(flags, port);
    const Points stored = stored_points(port);
    std::size_t lost = 0;
    std::size_t changed = 0;
    std::size_t forged = 0;
    for (const auto& [place, value] : acknowledged) {
      const auto found = stored.find(place);
      lost += found == stored.end();
      changed += found != stored.end() && found->second != value;
    }
    for (const auto& [place, value] : stored) {
      const auto found = sent.find(place);
      forged += found == sent.end() || found->second != value;
    }
    CHECK(lost == 0);
    CHECK(changed == 0);
    CHECK(forged == 0);
    CHECK(daemon->end(SIGTERM) == 0);
  }
  MESSAGE(sent.size() << " points sent, " << acknowledged.size() << " acknowledged, in " << rounds
                      << " rounds");
}
