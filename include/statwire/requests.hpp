#pragma once

// Measures the requests of an application: of each, that it came, how many came in all, and how long it took,
// under names that do not show its URL but the hash of it; contexts.hpp tells a reader what they stand for.
// For servers of cpp-httplib see instrumented_server.hpp; for users, UserMetrics.
//
//   statwire::RequestMetrics requests{statsd, settings};
//   auto handler = requests.wrap("/desktop", [](const Request& request) { ... });   // or, by hand:
//   { auto request = requests.scope("/desktop"); handle(); }

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/request_handler.hpp"
#include "statwire/request_scope.hpp"
#include "statwire/settings.hpp"
#include "statwire/users.hpp"  // IWYU pragma: export

namespace statwire {

/// Measures requests, or does nothing when the settings do not ask for it. Copies share everything, and are
/// as cheap as a shared_ptr.
///
/// Per request, when it ends: `controller_<MD5>.requests.count:1|c`, `requests.total:1|c` and
/// `controller_<MD5>.requests.timing:125|ms`, after the client's prefix; see RequestOptions for what may
/// differ.
///
/// Threads: every member function may be called from any number of threads at once. Cost of a request: two
/// readings of the clock and about 80 ns; switched off, a branch. Nothing throws, blocks on the network, or
/// allocates once a request of the kind was seen. Source: M3's ControllerMetrics, `m3.actions.metrics`.
template <class Clock>
class BasicRequestMetrics {
 public:
  using Scope = BasicRequestScope<Clock>;

  /// `Statsd` is a client or a scope; it must outlive this, all copies, and the handlers that they wrap.
  /// Throws ClientError when max_names is out of range.
  template <class Statsd>
  BasicRequestMetrics(Statsd& statsd, const Settings& settings, const RequestOptions& options = {}) {
    constexpr std::size_t most_names = 1'000'000;
    if (options.max_names < 1 || options.max_names > most_names) {
      detail::fail(errc::invalid_option, "statwire: max_names is " + std::to_string(options.max_names) +
                                             "; it must be 1 to " + std::to_string(most_names));
    }
    if (settings.collect_requests) state_ = std::make_shared<detail::RequestState>(statsd, options);
  }

  /// Whether requests are measured.
  bool is_enabled() const noexcept { return state_ != nullptr; }

  /// Measures until the scope ends. `controller` is the URL as it is configured (`/desktop`), not that of the
  /// request; this belongs to `target`.
  Scope scope(std::string_view controller, const RequestTarget& target = {}) const& noexcept {
    return {state_.get(), state_ ? state_->series(controller, target) : nullptr};
  }
  Scope scope(std::string_view, const RequestTarget& = {}) const&& = delete;  // it would outlive the metrics

  /// The same for one controller, looked up once. Allocates.
  BasicRequestController<Clock> controller(std::string_view url) const { return {state_, std::string{url}}; }

  /// A handler that is measured: takes what `handler` takes, returns what it returns, throws what it throws.
  /// One that returns what a coroutine does (a type with a promise_type, which has to be awaitable, as
  /// asio::awaitable is) is measured until the coroutine ends; what it
  /// takes by reference must live as long. `target_of(args...)` returns the RequestTarget of a call, for
  /// names that hold one; it must not throw.
  ///
  ///   server.route("/desktop", requests.wrap("/desktop", &desktop));
  template <class Handler, class TargetOf = detail::NoTarget>
  auto wrap(std::string_view controller, Handler handler, TargetOf target_of = {}) const {
    return detail::MeasuredHandler<Clock, Handler, TargetOf>{this->controller(controller), std::move(handler),
                                                             std::move(target_of)};
  }

 private:
  std::shared_ptr<detail::RequestState> state_;
};

/// Clocks are for tests; everybody else has this one.
using RequestMetrics = BasicRequestMetrics<std::chrono::steady_clock>;
using RequestScope = RequestMetrics::Scope;

}  // namespace statwire
