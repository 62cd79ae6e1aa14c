// A metrics server as a daemon: keeps what clients put, in memory or in a database, gives it back, and passes
// it on if told to. Ends in order at SIGTERM or SIGINT.
//
//   metrics_server
//   metrics_server --listen 0.0.0.0:8888 --store metrics.db --forward graphite://graphite.example:2003

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <statwire/server/forwarding_store.hpp>
#include <statwire/server/memory_store.hpp>
#include <statwire/server/metrics_server.hpp>
#include <statwire/server/sqlite_store.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "metrics_server/options.hpp"

namespace metrics_server {
namespace {

using namespace statwire::server;

/// The signals that end the program, taken where it waits: no handler ever runs.
class EndSignals {
 public:
  /// Threads inherit what is blocked, so this comes before the first one.
  EndSignals() {
    sigemptyset(&taken_);
    sigaddset(&taken_, SIGINT);
    sigaddset(&taken_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &taken_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a reader of the log may go, the server stays
  }

  void wait() const {
    int signal = 0;
    sigwait(&taken_, &signal);
  }

 private:
  sigset_t taken_;
};

/// When the program was started with standard streams closed, the first sockets would take their places, and
/// a client would get the log.
void open_standard_streams() {
  int fd = 0;
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
  if (fd >= 0) ::close(fd);
}

/// Every client takes a descriptor, and the soft limit is often 1024. Returns the limit that holds.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // where it fails, the old limit holds
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

/// How many clients there are descriptors for, beside what the program itself has open and those clients
/// that are told that they are too many. Without any left, nobody could be told anything.
std::size_t connections_within(std::size_t descriptors) {
  constexpr std::size_t own = 64;
  constexpr std::size_t refusals = 128;
  return descriptors > own + refusals ? descriptors - own - refusals : 1;
}

/// One line, at once; what the user wrote is part of it, and must not make it two.
void print(std::FILE* stream, std::string line) {
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  std::fprintf(stream, "metrics_server: %s\n", line.c_str());
  std::fflush(stream);
}

std::string start_line(const Options& options, std::size_t max_connections) {
  std::string line = "listening on " + to_string(options.listen) + ", points are kept in " +
                     (options.store.empty() ? "memory" : options.store);
  if (options.forward) line += ", passed on to " + options.forward->text;
  if (max_connections < options.max_connections) {
    line += ", at most " + std::to_string(max_connections) + " connections, not " +
            std::to_string(options.max_connections) + ", for want of descriptors (ulimit -n)";
  }
  if (!is_loopback(options.listen)) {
    line += "; WARNING: no password protects them from whoever reaches this address";
  }
  return line;
}

template <class Store>
std::string stop_line(const Store& store) {
  return "stopped with " + std::to_string(store.series_count()) + " series";
}

template <class Inner>
std::string stop_line(ForwardingStore<Inner>& store) {
  constexpr std::chrono::seconds patience{2};
  store.flush(std::chrono::steady_clock::now() + patience);
  const ForwardingStats stats = store.stats();
  return stop_line(store.inner()) + "; passed on " + std::to_string(stats.sent) + " of " +
         std::to_string(stats.accepted) + " points";
}

template <MetricsStore Store>
void serve(const Options& options, const EndSignals& signals, Store store) {
  const std::size_t max_connections =
      std::min(options.max_connections, connections_within(raise_descriptor_limit()));
  MetricsServer<Store> server{{.address = options.listen.host,
                               .port = options.listen.port,
                               .max_connections = max_connections,
                               .max_series = options.max_series},
                              std::move(store)};
  server.start();
  print(stdout, start_line(options, max_connections));
  signals.wait();
  server.stop();
  print(stdout, stop_line(server.store()));
}

template <MetricsStore Store>
void serve_and_forward(const Options& options, const EndSignals& signals, Store store) {
  if (!options.forward) return serve(options, signals, std::move(store));
  const Forward& forward = *options.forward;
  serve(options, signals,
        ForwardingStore<Store>{{.host = forward.host, .port = forward.port, .format = forward.format},
                               std::move(store)});
}

void run(const Options& options, const EndSignals& signals) {
  if (options.store.empty()) return serve_and_forward(options, signals, MemoryStore{});
  serve_and_forward(options, signals, SqliteStore{SqliteOptions{.path = options.store}});
}

}  // namespace
}  // namespace metrics_server

int main(int argc, char** argv) {
  using namespace metrics_server;
  open_standard_streams();
  const EndSignals signals;
  const auto command = parse_options(argc, argv);
  if (const auto* error = std::get_if<UsageError>(&command)) {
    print(stderr, error->message);
    return 2;
  }
  if (const auto* answer = std::get_if<Answer>(&command)) {
    std::fputs(answer->text.c_str(), stdout);
    return 0;
  }
  // ClientError says in one line what is wrong: the port is taken, the database cannot be read, ...
  try {
    run(std::get<Options>(command), signals);
  } catch (const std::exception& error) {
    print(stderr, error.what());
    return 1;
  }
  return 0;
}
