#pragma once

// Handlers that are measured: what RequestMetrics::wrap makes of a callable. Included by requests.hpp.

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#if defined(__cpp_impl_coroutine)
#include <coroutine>
#endif

#include "statwire/request_scope.hpp"

namespace statwire::detail {

/// For a handler of which only the controller is known.
struct NoTarget {
  template <class... Args>
  RequestTarget operator()(const Args&...) const noexcept {
    return {};
  }
};

/// Whether a function with this result and these parameters may be a coroutine: then what it returns is not
/// its end.
template <class Result, class... Args>
concept Coroutine =
#if defined(__cpp_impl_coroutine)
    requires {
  typename std::coroutine_traits<Result, Args...>::promise_type;
};
#else
    false && requires {
  typename std::type_identity<Result>;
};
#endif

/// A callable with the parameters and the result of `Handler`, which is measured from its call to its end;
/// that of a coroutine comes when it returns, not when it is suspended. `target_of(args...)` says path and
/// method. Copies share the handler.
template <class Clock, class Handler, class TargetOf>
class MeasuredHandler {
 public:
  MeasuredHandler(BasicRequestController<Clock> controller, Handler handler, TargetOf target_of)
      : measured_{std::make_shared<Measured>(
            Measured{std::move(controller), std::move(handler), std::move(target_of)})} {}

  template <class... Args>
  requires std::invocable<Handler&, Args...> std::invoke_result_t<Handler&, Args...>
  operator()(Args&&... args) const {
    using Result = std::invoke_result_t<Handler&, Args...>;
    if (!measured_->controller.is_enabled()) {
      return std::invoke(measured_->handler, std::forward<Args>(args)...);
    }
    if constexpr (Coroutine<Result, Args...>) {
      return run<Result, Args...>(measured_, std::forward<Args>(args)...);
    } else {
      return measured_->controller.measure(
          std::invoke(measured_->target_of, std::as_const(args)...),
          [&](auto&) -> Result { return std::invoke(measured_->handler, std::forward<Args>(args)...); });
    }
  }

 private:
  struct Measured {
    BasicRequestController<Clock> controller;
    Handler handler;
    TargetOf target_of;
  };

#if defined(__cpp_impl_coroutine)
  /// Its frame keeps what it needs: the handler, which the server may let go meanwhile, and what was passed
  /// as a temporary. What was passed by reference is the caller's to keep.
  template <class Result, class... Args>
  static Result run(std::shared_ptr<Measured> measured, Args... args) {
    auto request = measured->controller.scope(std::invoke(measured->target_of, std::as_const(args)...),
                                              SeesExceptions::caller);
#if defined(__cpp_exceptions)
    try {
      co_return co_await std::invoke(measured->handler, std::forward<Args>(args)...);
    } catch (...) {
      request.fail();
      throw;
    }
#else
    co_return co_await std::invoke(measured->handler, std::forward<Args>(args)...);
#endif
  }
#endif

  std::shared_ptr<Measured> measured_;
};

}  // namespace statwire::detail
