// What a metrics server takes: puts from a client that costs as little as one can, into memory and into a
// file, and connections that do nothing.

#include "catch.hpp"

#if defined(__linux__)

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "figures.hpp"
#include "metrics_loopback.hpp"
#include "statwire/metrics.hpp"
#include "statwire/protocol/metrics_request.hpp"
#if defined(STATWIRE_BENCH_SQLITE)
#include "statwire/server/sqlite_store.hpp"
#endif

namespace {

using namespace statwire;

constexpr std::size_t put_count = 1'000'000;

/// A million puts of a thousand series as bytes, seconds in order, as many hosts send them.
std::string requests() {
  std::string lines;
  for (std::size_t i = 0; i < put_count; ++i) {
    protocol::append_put(lines, "host" + std::to_string(i % 1000) + ".cpu", static_cast<double>(i % 1000) / 8,
                         1642667947 + static_cast<std::int64_t>(i / 1000));
  }
  return lines;
}

/// Writes all of it on one thread and reads the answers on another; returns puts a second.
double blast(std::uint16_t port, const std::string& lines) {
  bench::BareConnection connection{port};
  std::size_t answered = 0;
  const auto time = bench::time_of([&] {
    std::thread reader{[&] {
      for (std::string_view bytes; answered < put_count && !(bytes = connection.read()).empty();) {
        for (const char byte : bytes) answered += byte == 'o' ? 1U : 0U;
      }
    }};
    connection.write(lines);
    reader.join();
  });
  REQUIRE(answered == put_count);
  return static_cast<double>(put_count) / time.count();
}

/// The answers to as many requests as there are lines.
std::string count_lines(std::string_view bytes) {
  std::string reply;
  for (const char byte : bytes) {
    if (byte == '\n') reply += protocol::ok_reply;
  }
  return reply;
}

#if defined(STATWIRE_BENCH_SQLITE)
/// Where the file of SQLite is while it is measured: /tmp may be in memory, the working directory is on a
/// disk most likely.
class Database {
 public:
  Database() { remove(); }
  ~Database() { remove(); }

  server::SqliteStore open(server::Durability durability) const {
    return server::SqliteStore{{.path = path, .durability = durability}};
  }

 private:
  static constexpr const char* path = "statwire_bench.db";

  static void remove() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(std::string{path} + suffix);
  }
};

double blast_into_sqlite(const std::string& lines, server::Durability durability) {
  const Database database;
  bench::ServerThread<server::SqliteStore> server{database.open(durability)};
  return blast(server.port(), lines);
}
#endif

double resident_bytes() {
  std::ifstream status{"/proc/self/statm"};
  double size = 0, resident = 0;
  status >> size >> resident;
  return resident * 4096;
}

}  // namespace

TEST_CASE("metrics server: puts a second") {
  bench::stay_on_processor(bench::client_processor);
  const std::string lines = requests();
  std::vector<double> floor, memory, memory_cpu, safe, fast;
  for (int round = 0; round < 5; ++round) {
    {
      bench::BareServer server{count_lines};
      floor.push_back(blast(server.port(), lines));
    }
    {
      bench::ServerThread<> server;
      memory.push_back(blast(server.port(), lines));
      memory_cpu.push_back(static_cast<double>(put_count) * 1e9 /
                           static_cast<double>(server.cpu_time().count()));
      MetricsClient client{"127.0.0.1", server.port()};
      REQUIRE(client.get("host999.cpu").at("host999.cpu").size() == put_count / 1000);
    }
#if defined(STATWIRE_BENCH_SQLITE)
    safe.push_back(blast_into_sqlite(lines, server::Durability::power_loss));
    fast.push_back(blast_into_sqlite(lines, server::Durability::crash));
#endif
  }
  std::vector<bench::Figure> figures{
      {"reads, counts lines, answers (floor)", bench::median(floor)},
      {"MemoryStore", bench::median(memory)},
      {"MemoryStore, a second of the server's CPU time", bench::median(memory_cpu)}};
  if (!safe.empty()) {
    figures.push_back({"SqliteStore, safe against loss of power", bench::median(safe)});
    figures.push_back({"SqliteStore, safe against a crash", bench::median(fast)});
  }
  bench::print_figures("puts over one connection", "puts/s", figures);
}

TEST_CASE("metrics server: connections that do nothing") {
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
  const std::size_t count = std::min<std::size_t>(5000, descriptors.rlim_cur / 2 - 100);

  bench::ServerThread<> server;
  std::vector<bench::Descriptor> clients;
  clients.reserve(count);
  for (std::size_t i = 0; i < count; ++i) clients.push_back(bench::dial(server.port()));
  // The server has accepted the last of them once it answers one that came after.
  bench::BareConnection last{server.port()};
  last.write("get none\n");
  REQUIRE(last.read() == "ok\n\n");
  std::printf("\n%zu idle connections: %.1f MiB resident, in all of this process\n", count,
              resident_bytes() / (1 << 20));
}

#endif  // defined(__linux__)
