// What a StatsD server costs for each line that it receives, beside the reference daemon, which gets the same
// datagrams in the same run; what it loses on one core at 2,000,000 lines a second; and how long a flush of
// 100,000 series takes while lines come.

#include "catch.hpp"

#if defined(__linux__)

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "figures.hpp"
#include "loopback.hpp"
#include "statwire/server/statsd_server.hpp"

namespace {

using namespace std::chrono_literals;
using namespace statwire;
using Clock = std::chrono::steady_clock;

/// Datagrams of 1,432 bytes at most: of ten lines eight counters, a gauge and a timing, of `names` names.
class Traffic {
 public:
  explicit Traffic(std::size_t names) {
    constexpr std::size_t max_datagram_bytes = 1432;
    std::string datagram;
    for (std::size_t i = 0; i < names; ++i) {
      const std::string name = "shop.eu.requests.route_" + std::to_string(i);
      const std::string line = i % 10 == 8 ? name + ":42|g" : i % 10 == 9 ? name + ":12.5|ms" : name + ":1|c";
      if (datagram.size() + 1 + line.size() > max_datagram_bytes) add(std::exchange(datagram, {}));
      if (!datagram.empty()) datagram += '\n';
      datagram += line;
    }
    add(std::move(datagram));
  }

  std::size_t lines() const { return lines_; }
  const std::vector<std::string>& datagrams() const { return datagrams_; }

 private:
  void add(std::string datagram) {
    lines_ += static_cast<std::size_t>(std::count(datagram.begin(), datagram.end(), '\n')) + 1;
    datagrams_.push_back(std::move(datagram));
  }

  std::vector<std::string> datagrams_;
  std::size_t lines_ = 0;
};

/// Sends over and over, so many lines a second, sixteen datagrams a system call.
class PacedSender {
 public:
  PacedSender(std::uint16_t port, const Traffic& traffic) : traffic_{traffic} {
    socket_.connect(bench::loopback(port));
  }

  /// Returns the number of lines that were sent: all, in whole rounds of the traffic.
  std::uint64_t send(std::uint64_t lines, double lines_a_second) {
    const auto start = Clock::now();
    std::uint64_t sent = 0;
    while (sent < lines) {
      for (std::size_t i = 0; i < traffic_.datagrams().size();) {
        const std::size_t count = send_some(i);
        i += count;
        const double share = static_cast<double>(i) / static_cast<double>(traffic_.datagrams().size());
        const double seconds =
            (static_cast<double>(sent) + share * static_cast<double>(traffic_.lines())) / lines_a_second;
        while (Clock::now() - start < std::chrono::duration<double>{seconds}) {
        }
      }
      sent += traffic_.lines();
    }
    seconds_ = std::chrono::duration<double>{Clock::now() - start}.count();
    return sent;
  }

  /// How long that took.
  double seconds() const { return seconds_; }

 private:
  std::size_t send_some(std::size_t from) {
    constexpr std::size_t max_datagrams = 16;
    std::array<mmsghdr, max_datagrams> messages{};
    std::array<iovec, max_datagrams> parts{};
    std::size_t count = 0;
    for (; count < max_datagrams && from + count < traffic_.datagrams().size(); ++count) {
      const std::string& datagram = traffic_.datagrams()[from + count];
      parts[count] = {const_cast<char*>(datagram.data()), datagram.size()};
      messages[count].msg_hdr.msg_iov = &parts[count];
      messages[count].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(socket_.native_handle(), messages.data(), static_cast<unsigned>(count), 0);
    REQUIRE(sent > 0);
    return static_cast<std::size_t>(sent);
  }

  const Traffic& traffic_;
  asio::io_context io_;
  asio::ip::udp::socket socket_{io_};
  double seconds_ = 0;
};

double seconds_of(clockid_t clock) {
  timespec time{};
  REQUIRE(::clock_gettime(clock, &time) == 0);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::uint16_t free_port() {
  asio::io_context io;
  return asio::ip::udp::socket{io, bench::loopback(0)}.local_endpoint().port();
}

/// npm statsd, as ./scripts/setup.sh --counterparts installs it; this program runs in the project's folder.
class ReferenceDaemon {
 public:
  static constexpr const char* program = "build/counterparts/node_modules/statsd/stats.js";
  static bool is_installed() { return std::filesystem::exists(program); }

  ReferenceDaemon() {
    char folder[] = "/tmp/statwire-bench-XXXXXX";
    REQUIRE(::mkdtemp(folder) != nullptr);
    folder_ = folder;
    const std::string configuration = folder_ / "config.js";
    std::ofstream{configuration}
        << "{ servers: [{ server: './servers/udp', address: '127.0.0.1', port: " << port_
        << " }], mgmt_address: '127.0.0.1', mgmt_port: " << admin_port_
        << ", flushInterval: 3600000, automaticConfigReload: false, backends: [] }\n";
    const char* const arguments[] = {"node", program, configuration.c_str(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const int error =
        ::posix_spawnp(&pid_, "node", &actions, nullptr, const_cast<char**>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(error == 0);
    REQUIRE(::clock_getcpuclockid(pid_, &clock_) == 0);
    wait_until_up();
  }
  ReferenceDaemon(const ReferenceDaemon&) = delete;
  ReferenceDaemon& operator=(const ReferenceDaemon&) = delete;
  ~ReferenceDaemon() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }

  std::uint16_t port() const { return port_; }
  double cpu_seconds() const { return seconds_of(clock_); }

  /// Asks on the admin port, which it answers once it has received what came before.
  std::uint64_t lines() const {
    asio::io_context io;
    asio::ip::tcp::socket socket{io};
    socket.connect({asio::ip::make_address("127.0.0.1"), admin_port_});
    asio::write(socket, asio::buffer(std::string_view{"counters\n"}));
    std::string reply;
    std::array<char, 65'536> buffer;
    while (reply.find("END") == std::string::npos) {
      reply.append(buffer.data(), socket.read_some(asio::buffer(buffer)));
    }
    constexpr std::string_view name = "'statsd.metrics_received': ";
    return std::stoull(reply.substr(reply.find(name) + name.size()));
  }

 private:
  void wait_until_up() const {
    const auto deadline = Clock::now() + 20s;
    for (asio::io_context io; Clock::now() < deadline;) {
      asio::ip::tcp::socket socket{io};
      std::error_code ec;
      socket.connect({asio::ip::make_address("127.0.0.1"), admin_port_}, ec);
      if (!ec) return;
      std::this_thread::sleep_for(10ms);
    }
    FAIL("npm statsd does not start");
  }

  std::uint16_t port_ = free_port();
  std::uint16_t admin_port_ = free_port();
  std::filesystem::path folder_;
  pid_t pid_ = 0;
  clockid_t clock_{};
};

/// Has all threads of this process that begin from now on, and this one, run on one core.
void run_on(std::size_t core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  REQUIRE(::sched_setaffinity(0, sizeof(cores), &cores) == 0);
}

/// CPU time of the threads of this process but the calling one.
double cpu_seconds_of_others() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

/// As every server would have to pay at least: receives, and does nothing with it.
class BareReceiver {
 public:
  std::uint16_t port() const { return sink_.port(); }

  /// CPU seconds of receiving everything that is sent in `act`, and what comes within 100 ms after it.
  template <class Act>
  double cpu_seconds_while(Act&& act) {
    double spent = 0;
    std::jthread receiving{[&](std::stop_token stop) {
      constexpr std::size_t slots = 32;
      std::vector<char> memory(slots * 65'536);
      std::array<mmsghdr, slots> messages{};
      std::array<iovec, slots> parts{};
      for (std::size_t i = 0; i < slots; ++i) {
        parts[i] = {memory.data() + i * 65'536, 65'536};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
      }
      pollfd readable{.fd = sink_.fd(), .events = POLLIN, .revents = 0};
      while (::poll(&readable, 1, 100) > 0 || !stop.stop_requested()) {
        ::recvmmsg(sink_.fd(), messages.data(), slots, MSG_DONTWAIT, nullptr);
      }
      spent = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    }};
    act();
    receiving.request_stop();
    receiving.join();
    return spent;
  }

 private:
  bench::Sink sink_;
};

constexpr std::size_t usual_names = 2000;

}  // namespace

TEST_CASE("a StatsD server: CPU time of a line, beside the reference daemon") {
  const Traffic traffic{usual_names};
  server::StatsdServer server{{.flush = Flush::manual}};
  server.start();
  BareReceiver bare;
  std::optional<ReferenceDaemon> reference;
  if (ReferenceDaemon::is_installed()) reference.emplace();
  if (!reference) std::printf("\nnpm statsd is not installed: ./scripts/setup.sh --counterparts\n");

  constexpr double pace = 200'000;  // lines a second: the reference daemon takes all of them
  constexpr std::uint64_t lines_a_round = 200'000;
  std::array<std::vector<double>, 3> samples;  // bare, ours, reference
  std::uint64_t sent_in_all = 0;
  for (int round = -1; round < 5; ++round) {
    PacedSender to_bare{bare.port(), traffic};
    std::uint64_t sent = 0;
    const double spent_bare = bare.cpu_seconds_while([&] { sent = to_bare.send(lines_a_round, pace); });
    const double spent_ours = [&] {
      const double start = cpu_seconds_of_others();
      sent_in_all += PacedSender{server.port(), traffic}.send(lines_a_round, pace);
      REQUIRE(server.wait_for_packets(sent_in_all / traffic.lines() * traffic.datagrams().size(), 10s));
      return cpu_seconds_of_others() - start;
    }();
    server.flush();
    if (round < 0) {  // the first is not counted, of the reference daemon for its compiler's sake
      if (reference) PacedSender{reference->port(), traffic}.send(lines_a_round, pace);
      continue;
    }
    const auto each = [&](double seconds) { return seconds * 1e9 / static_cast<double>(sent); };
    samples[0].push_back(each(spent_bare));
    samples[1].push_back(each(spent_ours));
    if (!reference) continue;
    const std::uint64_t before = reference->lines();
    const double start = reference->cpu_seconds();
    PacedSender{reference->port(), traffic}.send(lines_a_round, pace);
    const std::uint64_t taken = reference->lines() - before;
    const double spent = reference->cpu_seconds() - start;
    samples[2].push_back(spent * 1e9 / static_cast<double>(taken));
  }
  std::vector<bench::Figure> figures{{"bare recvmmsg (floor)", bench::median(samples[0])},
                                     {"StatsdServer", bench::median(samples[1])}};
  if (reference) figures.push_back({"npm statsd", bench::median(samples[2])});
  bench::print_figures("a StatsD server, packed datagrams, per line", "CPU ns", figures);
  if (reference) {
    std::printf("  npm statsd takes %.1f times as long as StatsdServer\n",
                figures[2].value / figures[1].value);
  }
}

TEST_CASE("a StatsD server: loss on one core") {
  const Traffic traffic{usual_names};
  std::printf("\n%-42s %10s %12s %12s %8s\n", "a StatsD server on one core, for 4 s", "lines/s", "sent",
              "received", "lost");
  for (const double pace : {500'000.0, 1'000'000.0, 2'000'000.0, 3'000'000.0}) {
    cpu_set_t all;
    REQUIRE(::sched_getaffinity(0, sizeof(all), &all) == 0);
    run_on(0);
    server::StatsdServer server{{.flush_interval = 1s}};
    server.start();
    run_on(1);
    PacedSender sender{server.port(), traffic};
    const std::uint64_t sent = sender.send(static_cast<std::uint64_t>(4 * pace), pace);
    server.wait_for_packets(sent / traffic.lines() * traffic.datagrams().size(), 2s);
    const server::StatsdServerStats stats = server.stats();
    std::printf("  %-40s %10.0f %12llu %12llu %8llu\n", "paced", static_cast<double>(sent) / sender.seconds(),
                static_cast<unsigned long long>(sent), static_cast<unsigned long long>(stats.lines),
                static_cast<unsigned long long>(sent - stats.lines));
    std::fflush(stdout);
    REQUIRE(::sched_setaffinity(0, sizeof(all), &all) == 0);
  }
}

TEST_CASE("a StatsD server: a flush of 100,000 series while lines come") {
  const Traffic traffic{100'000};
  std::size_t lines = 0;
  server::StatsdServer server{
      {.flush = Flush::manual, .on_flush = [&](const server::FlushedBatch& batch) { lines = batch.size(); }}};
  server.start();
  std::printf("\n%-42s %10s %10s %10s\n", "a flush of 100,000 series at 500,000 lines/s", "ms", "lines",
              "lost");
  std::uint64_t sent = 0;
  for (int round = 0; round < 5; ++round) {
    std::jthread sending{[&] { sent += PacedSender{server.port(), traffic}.send(300'000, 500'000); }};
    // The first 100,000 lines are in, and of the third some have come, when it flushes.
    server.wait_for_packets((sent + 210'000) / traffic.lines() * traffic.datagrams().size(), 10s);
    const auto start = Clock::now();
    server.flush();
    const double milliseconds = std::chrono::duration<double, std::milli>{Clock::now() - start}.count();
    sending.join();
    const std::size_t packets = sent / traffic.lines() * traffic.datagrams().size();
    server.wait_for_packets(packets, 2s);
    std::printf("  %-40s %10.1f %10zu %10llu\n", "flush", milliseconds, lines,
                static_cast<unsigned long long>(packets - server.stats().packets));
    std::fflush(stdout);
  }
}

TEST_CASE("a StatsD server: memory of a counter") {
  constexpr std::size_t names = 1'000'000;
  constexpr std::string_view name = "shop.eu.requests.route_000000.count";
  const auto resident = [] {
    ::malloc_trim(0);
    std::ifstream statm{"/proc/self/statm"};
    std::size_t pages = 0;
    statm >> pages >> pages;
    return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  };
  server::StatsdServer server{{.flush = Flush::manual,
                               .aggregation = {.max_series = 2 * names},
                               .on_flush = [](const server::FlushedBatch&) {}}};
  server.start();
  asio::io_context io;
  asio::ip::udp::socket socket{io};
  socket.connect(bench::loopback(server.port()));
  const double before = resident();
  std::uint64_t packets = 0;
  std::string datagram;
  for (std::size_t i = 0; i < names; ++i) {
    std::string line{name};
    const std::string number = std::to_string(i);
    line.replace(line.find("000000") + 6 - number.size(), number.size(), number);
    datagram.append(line).append(":1|c\n");
    if (datagram.size() < 1300 && i + 1 < names) continue;
    socket.send(asio::buffer(datagram));
    datagram.clear();
    if (++packets % 100 == 0) REQUIRE(server.wait_for_packets(packets, 10s));
  }
  REQUIRE(server.wait_for_packets(packets, 10s));
  REQUIRE(server.snapshot().counters.size() == names + 3);
  const double filled = (resident() - before) / names;
  server.flush();
  const double flushed = (resident() - before) / names;
  std::printf("\n%-42s %10s\n", "a counter, name of 35 bytes included", "bytes");
  std::printf("  %-40s %10.0f\n  %-40s %10.0f\n", "before a flush", filled, "after it", flushed);
}

#endif  // defined(__linux__)
