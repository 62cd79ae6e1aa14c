// Prints every StatsD line that arrives, to see what a program sends: statsd_listen [port or address:port].
// The port is 8125 unless given; 0 takes a free one. Ctrl-C ends it.

#include <csignal>
#include <cstdio>
#include <iostream>
#include <statwire/protocol/statsd_parse.hpp>
#include <statwire/server/statsd_server.hpp>
#include <string_view>

namespace {

void print(std::string_view datagram) {
  statwire::protocol::for_each_line(datagram, [](std::string_view line) {
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      std::printf(byte < 0x20 || byte == 0x7f ? "\\x%02x" : "%c", byte);
    }
    std::putchar('\n');
  });
  std::fflush(stdout);
}

int refuse(std::string_view argument) {
  std::cerr << "statsd_listen: '" << argument << "' is wrong; give a port from 0 to 65535, or address:port\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view argument = argc > 1 ? argv[1] : "8125";
  const std::size_t colon = argument.rfind(':');
  std::string address{colon == argument.npos ? "127.0.0.1" : argument.substr(0, colon)};
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const auto port = statwire::protocol::parse_integer(argument.substr(colon + 1));  // npos + 1 is 0
  if (argc > 2 || !port || *port < 0 || *port > 65535) return refuse(argc > 2 ? argv[2] : argument);

  sigset_t ending;  // blocked before the server makes its thread, so that only sigwait() sees them
  sigemptyset(&ending);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&ending, signal);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  const statwire::server::StatsdServerOptions options{
      .address = address, .port = static_cast<std::uint16_t>(*port), .on_datagram = print};
  statwire::server::StatsdServer server{options};
  std::error_code ec;
  server.start(ec);
  if (ec == std::errc::invalid_argument) return refuse(argument);
  if (ec) {
    std::cerr << "statsd_listen: port " << *port << ": " << ec.message() << "; 0 takes a free one\n";
    return 1;
  }
  std::cerr << "listening on " << address << " port " << server.port() << '\n';
  int signal = 0;
  sigwait(&ending, &signal);
  server.stop();
  const statwire::server::StatsdServerStats seen = server.stats();
  std::cerr << seen.packets << " datagrams, " << seen.lines << " lines, " << seen.bad_values
            << " bad values\n";
}
