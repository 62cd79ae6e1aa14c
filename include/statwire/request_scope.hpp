#pragma once

// One request as metrics: its names, its scope, and a controller whose names are known. Included by
// requests.hpp.

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/client/request_name.hpp"
#include "statwire/client/request_table.hpp"
#include "statwire/detail/memory.hpp"
#include "statwire/handles.hpp"

namespace statwire {

/// Both generations of names that M3 has had.
enum class RequestNames {
  controller,             ///< `controller_<MD5 of the controller's URL>.requests.count`
  controller_url_method,  ///< `controller_<MD5>.url_<MD5 of the request's path>.method_get.requests.count`
};

/// What the number in a timing means.
enum class TimingUnit {
  milliseconds,  ///< As the type `ms` says: `125|ms`, with up to six decimals.
  /// Whole microseconds under the type `ms`, as M3 sent them: `125000|ms`. For dashboards that divide by
  /// 1000.
  m3_microseconds,
};

/// Options of RequestMetrics.
struct RequestOptions {
  RequestNames names = RequestNames::controller;
  TimingUnit unit = TimingUnit::milliseconds;
  /// Whether there is a fourth metric, `....requests.errors`, of requests that ended in an exception or were
  /// said to have failed. M3 had none.
  bool count_errors = false;
  /// Controllers, and, where names hold paths, these besides, 1 to 1,000,000: visitors may ask for any path.
  /// What is beyond counts for its controller as a whole, and what is beyond these, in `requests.total` only.
  /// Each takes two series of the client's max_series, three where errors are counted, and keeps them.
  std::size_t max_names = 1000;
};

/// What the names of a request are made of, where RequestNames says that they hold more than the controller.
struct RequestTarget {
  std::string_view path{};
  std::string_view method{};
};

namespace detail {

/// The metrics of one kind of request.
struct RequestSeries {
  Counter count;
  Timing timing;
  Counter errors;
};

/// What all scopes and handlers of one RequestMetrics share.
class RequestState {
 public:
  template <class Statsd>
  RequestState(Statsd& statsd, const RequestOptions& options)
      : options_{options},
        total_{statsd.counter("requests.total")},
        make_{[&statsd, counts_errors = options.count_errors](const std::string& prefix) -> RequestSeries {
          return {.count = statsd.counter(prefix + "requests.count"),
                  .timing = statsd.timing(prefix + "requests.timing"),
                  .errors = counts_errors ? statsd.counter(prefix + "requests.errors") : Counter{}};
        }},
        controllers_{options.max_names},
        targets_{has_targets() ? options.max_names : 1} {}

  bool counts_errors() const noexcept { return options_.count_errors; }
  bool has_targets() const noexcept { return options_.names == RequestNames::controller_url_method; }

  /// The metrics of a request, null when there is no room for any. Allocates when it is the first of its
  /// kind.
  const RequestSeries* series(std::string_view controller, const RequestTarget& target) noexcept {
    const RequestSeries* found = nullptr;
    const bool has_target = has_targets() && !(target.path.empty() && target.method.empty());
    if (has_target) found = series(targets_, {controller, target.path, target.method});
    if (found == nullptr) found = series(controllers_, {controller});
    return found;
  }

  void count(const RequestSeries* series) const noexcept {
    if (series != nullptr) series->count.increment();
    total_.increment();
  }

  void time(const RequestSeries* series, std::chrono::nanoseconds duration, bool failed) const noexcept {
    if (series == nullptr) return;
    if (options_.unit == TimingUnit::milliseconds) {
      series->timing.record(duration);
    } else {
      const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(duration);
      series->timing.record(std::chrono::milliseconds{whole.count()});
    }
    if (failed) series->errors.increment();
  }

 private:
  using Table = client::RequestTable<RequestSeries>;

  const RequestSeries* series(Table& table, const client::RequestKey& key) noexcept {
    const RequestSeries* found = table.find(key);
    if (found != nullptr) [[likely]]
      return found;
    with_memory([&] { found = table.find_or_add(key, [&] { return make_(client::request_prefix(key)); }); });
    return found;
  }

  RequestOptions options_;
  Counter total_;
  std::function<RequestSeries(const std::string& prefix)> make_;
  Table controllers_;
  Table targets_;
};

}  // namespace detail

/// Who says that an exception has ended a request: the scope looks for it when it ends, which takes 30 ns
/// where errors are counted, or whoever catches it calls fail().
enum class SeesExceptions { scope, caller };

/// One request, from its construction to its destruction: counted, and timed, also when an exception ends it.
/// Nothing is sent before it ends.
///
/// Threads: one at a time; it may end on another thread than it began. Must not outlive its RequestMetrics
/// and what was copied from it.
template <class Clock>
class [[nodiscard]] BasicRequestScope {
 public:
  BasicRequestScope(const detail::RequestState* state, const detail::RequestSeries* series,
                    SeesExceptions sees_exceptions = SeesExceptions::scope) noexcept
      : state_{state}, series_{series} {
    if (state_ == nullptr) return;
    if (sees_exceptions == SeesExceptions::scope && state_->counts_errors()) {
      exceptions_ = std::uncaught_exceptions();
    }
    start_ = Clock::now();
  }

  /// The scope that was moved from sends nothing.
  BasicRequestScope(BasicRequestScope&& other) noexcept
      : state_{std::exchange(other.state_, nullptr)},
        series_{other.series_},
        exceptions_{other.exceptions_},
        failed_{other.failed_},
        start_{other.start_} {}
  BasicRequestScope& operator=(BasicRequestScope&&) = delete;
  BasicRequestScope(const BasicRequestScope&) = delete;
  BasicRequestScope& operator=(const BasicRequestScope&) = delete;

  ~BasicRequestScope() {
    if (state_ == nullptr) return;
    const auto duration = Clock::now() - start_;
    state_->count(series_);
    const bool ended_by_exception = exceptions_ != not_looked_for && std::uncaught_exceptions() > exceptions_;
    state_->time(series_, duration, failed_ || ended_by_exception);
  }

  /// Says that the request failed, for RequestOptions::count_errors.
  void fail() noexcept { failed_ = true; }

 private:
  const detail::RequestState* state_;
  const detail::RequestSeries* series_;
  static constexpr int not_looked_for = -1;

  int exceptions_ = not_looked_for;  ///< Under way when the scope began.
  bool failed_ = false;
  typename Clock::time_point start_{};
};

/// A controller whose metrics are found already. Copies share them. Threads: any number at once.
template <class Clock>
class BasicRequestController {
 public:
  BasicRequestController(std::shared_ptr<detail::RequestState> state, std::string url)
      : state_{std::move(state)}, url_{std::move(url)} {
    if (state_) series_ = state_->series(url_, {});
  }

  /// Whether requests are measured.
  bool is_enabled() const noexcept { return state_ != nullptr; }

  /// A request; the target is what its names may have besides.
  BasicRequestScope<Clock> scope(const RequestTarget& target = {},
                                 SeesExceptions sees_exceptions = SeesExceptions::scope) const noexcept {
    const bool has_target = state_ && state_->has_targets();
    return {state_.get(), has_target ? state_->series(url_, target) : series_, sees_exceptions};
  }

  /// Calls `action` within a request: it returns what that returns.
  template <class Action>
  decltype(auto) measure(const RequestTarget& target, Action&& action) const {
    auto request = scope(target, SeesExceptions::caller);
#if defined(__cpp_exceptions)
    try {
      return std::forward<Action>(action)(request);
    } catch (...) {
      request.fail();
      throw;
    }
#else
    return std::forward<Action>(action)(request);
#endif
  }

 private:
  std::shared_ptr<detail::RequestState> state_;
  std::string url_;
  const detail::RequestSeries* series_ = nullptr;
};

}  // namespace statwire
