#pragma once

// A ScriptedStream for AsyncMetricsClient: follows the same scripts, on an event loop and without a socket.

#include <concepts>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/testing/scripted_stream.hpp"
#include "statwire/transport/async_tcp.hpp"

namespace statwire::test {

/// An AsyncStream that follows a script, which the test keeps to look at what was written.
template <class Executor>
class BasicAsyncScriptedStream {
 public:
  using executor_type = Executor;

  BasicAsyncScriptedStream(Executor executor, std::shared_ptr<testing::ScriptedStream> script)
      : executor_{std::move(executor)}, script_{std::move(script)} {}
  BasicAsyncScriptedStream(asio::io_context& io, std::shared_ptr<testing::ScriptedStream> script) requires
      std::same_as<Executor, asio::io_context::executor_type>
      : BasicAsyncScriptedStream{io.get_executor(), std::move(script)} {}

  executor_type get_executor() const noexcept { return executor_; }

  template <class Handler>
  void async_connect(Deadline deadline, Handler&& handler) {
    std::error_code ec;
    script_->connect(deadline, ec);
    asio::post(executor_, bind(std::forward<Handler>(handler), ec));
  }

  template <class Handler>
  void async_read_some(std::span<char> buffer, Handler&& handler) {
    std::error_code ec;
    const std::size_t bytes = script_->read_some(buffer, {}, ec);
    asio::post(executor_, bind(std::forward<Handler>(handler), ec, bytes));
  }

  template <class Handler>
  void async_write_some(std::string_view piece, Handler&& handler) {
    std::error_code ec;
    const std::size_t bytes = script_->write_some(piece, {}, ec);
    asio::post(executor_, bind(std::forward<Handler>(handler), ec, bytes));
  }

  void close() noexcept { script_->close(); }

 private:
  template <class Handler, class... Results>
  static auto bind(Handler handler, Results... results) {
    const auto executor = asio::get_associated_executor(handler);
    return asio::bind_executor(
        executor, [handler = std::move(handler), results...]() mutable { std::move(handler)(results...); });
  }

  executor_type executor_;
  std::shared_ptr<testing::ScriptedStream> script_;
};

using AsyncScriptedStream = BasicAsyncScriptedStream<asio::io_context::executor_type>;

static_assert(AsyncStream<AsyncScriptedStream>);

}  // namespace statwire::test
