// Puts points on a metrics server and gets them back, with coroutines: put_get, without waiting.
//
//   put_get_async                  starts a server of its own, on a free port
//   put_get_async 127.0.0.1 8888   uses a server that runs already

#include <statwire/async_metrics.hpp>  // before Asio, which needs a hint to find some compilers' coroutines

#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/use_awaitable.hpp>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <limits>
#include <optional>
#include <statwire/server/metrics_server.hpp>
#include <string>
#include <vector>

#include "address.hpp"

namespace {

using namespace asio::experimental::awaitable_operators;
using asio::use_awaitable;

asio::awaitable<void> put_and_get(std::string host, std::uint16_t port) {
  statwire::AsyncMetricsClient client{co_await asio::this_coro::executor, host, port};
  co_await client.async_connect(use_awaitable);

  // Both are sent together; neither waits for the other's answer.
  co_await (client.async_put("huginn.cpu", 0.5, 1642667947, use_awaitable) &&
            client.async_put("huginn.cpu", 0.75, 1642667948, use_awaitable));
  const std::vector<statwire::Point> points{{"muninn.memory", 42000000, 1642667947}, {"muninn.load", 1.5}};
  co_await client.async_put(points, use_awaitable);

  const statwire::Series series = co_await client.async_get("*", use_awaitable);
  for (const auto& [key, samples] : series) {
    for (const auto& [timestamp, value] : samples) {
      std::cout << key << ' ' << value << ' ' << timestamp << '\n';
    }
  }
}

/// Runs the coroutine to its end; an error is thrown with the name of the server.
void run(const std::string& host, std::uint16_t port) {
  asio::io_context io;
  std::exception_ptr failure;
  asio::co_spawn(io, put_and_get(host, port), [&](std::exception_ptr thrown) { failure = thrown; });
  io.run();
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const std::system_error& error) {
    throw statwire::ClientError{error.code(), "'" + host + "' port " + std::to_string(port)};
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<example::Address> address;
  if (!example::parse_arguments(argc, argv, address)) return 2;
  std::cout << std::setprecision(std::numeric_limits<double>::max_digits10);
  try {
    if (address) {
      run(address->host, address->port);
    } else {
      statwire::server::MetricsServer server;
      server.start();
      run("127.0.0.1", server.port());
    }
  } catch (const statwire::ClientError& error) {
    std::cerr << "put_get_async: " << error.what() << '\n';
    return 1;
  }
}
