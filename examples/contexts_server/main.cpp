// A contexts server as a daemon: takes what instances register when they start, and lists it. Ends in order
// at SIGTERM or SIGINT.
//
//   contexts_server
//   curl http://127.0.0.1:1942/contexts

#include <algorithm>
#include <cstdio>
#include <statwire/server/contexts_server.hpp>
#include <string>

#include "contexts_server/options.hpp"
#include "daemon.hpp"

namespace contexts_server {
namespace {

constexpr const char* program = "contexts_server";

std::string start_line(const Options& options) {
  std::string line = "listening on " + to_string(options.listen);
  if (!is_loopback(options.listen)) {
    line += "; WARNING: no password protects the contexts from whoever reaches this address";
  }
  return line;
}

void run(const Options& options, const example::EndSignals& signals) {
  statwire::server::ContextsServerOptions server_options{
      .address = options.listen.host, .port = options.listen.port, .max_instances = options.max_instances};
  server_options.max_connections = std::min(server_options.max_connections,
                                            example::connections_within(example::raise_descriptor_limit()));
  statwire::server::ContextsServer server{server_options};
  server.start();
  example::print(stdout, program, start_line(options));
  signals.wait();
  server.stop();
  example::print(stdout, program,
                 "stopped with the contexts of " + std::to_string(server.instance_count()) + " instances");
}

}  // namespace
}  // namespace contexts_server

int main(int argc, char** argv) {
  using namespace contexts_server;
  example::open_standard_streams();
  const example::EndSignals signals;
  return example::run_daemon<Options>(program, parse_options(argc, argv),
                                      [&](const Options& options) { run(options, signals); });
}
