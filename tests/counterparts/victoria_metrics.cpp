// VictoriaMetrics holds every point that was put while it was ended and started again, read back over HTTP;
// it listens for both protocols.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/mortal_listener.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;

class VictoriaMetrics {
 public:
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
    wait_until("VictoriaMetrics", [&] {
      TcpTransport transport{"127.0.0.1", web_port_};
      std::error_code ec;
      transport.connect(soon(), ec);
      return !ec;
    });
  }

  void signal(int signal) const { process_->signal(signal); }

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
  std::uint16_t web_port_ = free_port<asio::ip::tcp>();
  std::uint16_t graphite_port_ = free_port<asio::ip::tcp>();
  std::uint16_t opentsdb_port_ = free_port<asio::ip::tcp>();
  nlohmann::json labels_;
  std::optional<ChildProcess> process_;
};

}  // namespace

TEST_CASE("victoria metrics: it is ended and killed while points come as Graphite's, and stores every one") {
  const std::filesystem::path program = find_daemon("victoria-metrics");
  if (is_missing("victoria-metrics", program)) return;
  VictoriaMetrics server{program};
  server::ForwardingStore<> store{{.port = server.graphite_port(), .resend_window = patience}};
  check_that_all_arrives(server, store);
  server.end(SIGTERM);
}

TEST_CASE("victoria metrics: and as OpenTSDB's, with their tag") {
  const std::filesystem::path program = find_daemon("victoria-metrics");
  if (is_missing("victoria-metrics", program)) return;
  VictoriaMetrics server{program};
  server::ForwardingStore<> store{{.port = server.opentsdb_port(),
                                   .format = server::ForwardingFormat::opentsdb,
                                   .tag = "host=web-1",
                                   .resend_window = patience}};
  check_that_all_arrives(server, store);
  CHECK(server.labels()["host"] == "web-1");
  server.end(SIGTERM);
}

TEST_CASE("victoria metrics: it is killed and ended while a client sends to it, and stores every point") {
  const std::filesystem::path program = find_daemon("victoria-metrics");
  if (is_missing("victoria-metrics", program)) return;
  VictoriaMetrics server{program};
  GraphiteClient graphite{"127.0.0.1", server.graphite_port(), {.timeout = patience}};
  // It is killed only while it has nothing in memory: it stores what it has every five seconds.
  check_that_all_arrives(server, server.graphite_port(), graphite, {SIGKILL, SIGTERM});
  server.end(SIGTERM);
}
