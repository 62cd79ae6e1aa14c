#pragma once

// An asynchronous operation that waits for its outcome, whatever handler was given: one allocation, from the
// handler's allocator. It completes through the handler's executor and never within the call that completes
// it; until then it keeps that executor busy, so run() does not return early.

#include <cstddef>
#include <memory>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include "statwire/detail/asio.hpp"
#include "statwire/protocol/metrics_reply.hpp"

namespace statwire::detail {

/// The operation without its handler.
class AsyncOperation {
 public:
  struct Destroy {
    void operator()(AsyncOperation* operation) const noexcept { operation->destroy(); }
  };

  AsyncOperation() = default;
  AsyncOperation(const AsyncOperation&) = delete;
  AsyncOperation& operator=(const AsyncOperation&) = delete;

  virtual void row(const protocol::Row& row) = 0;

  /// Posts the handler with the outcome and destroys the operation.
  virtual void complete(std::error_code ec, std::size_t stored) = 0;

  /// Destroys the operation; its handler is never called.
  virtual void destroy() noexcept = 0;

 protected:
  ~AsyncOperation() = default;
};

using AsyncOperationPointer = std::unique_ptr<AsyncOperation, AsyncOperation::Destroy>;

template <class Handler>
auto handler_allocator(const Handler& handler) noexcept {
  return asio::get_associated_allocator(handler, asio::recycling_allocator<void>{});
}

/// A handler with what it is called with.
template <class Handler, class Results>
struct AsyncCompletion {
  using allocator_type = decltype(handler_allocator(std::declval<const Handler&>()));
  allocator_type get_allocator() const noexcept { return handler_allocator(handler); }

  void operator()() {
    // The slot is let go of here, where whoever emits its signal does so too.
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.clear();
    std::apply(std::move(handler), std::move(results));
  }

  Handler handler;
  Results results;
};

/// `Payload` takes the rows and makes the arguments of the handler, as a tuple: `results(ec, stored)`.
template <class Payload, class Handler, class Executor>
class AsyncOperationOf final : public AsyncOperation {
 public:
  /// `executor` is that of handlers that have none of their own.
  static AsyncOperationPointer make(Payload&& payload, Handler&& handler, const Executor& executor) {
    Allocator allocator{handler_allocator(handler)};
    struct Memory {
      ~Memory() {
        if (self != nullptr) Traits::deallocate(allocator, self, 1);
      }
      Allocator& allocator;
      AsyncOperationOf* self;
    } memory{allocator, Traits::allocate(allocator, 1)};
    new (memory.self) AsyncOperationOf{std::move(payload), std::move(handler), executor};
    return AsyncOperationPointer{std::exchange(memory.self, nullptr)};
  }

  void row(const protocol::Row& row) override { payload_.row(row); }

  void complete(std::error_code ec, std::size_t stored) override {
    AsyncOperationPointer self{this};
    auto results = payload_.results(ec, stored);
    AsyncCompletion<Handler, decltype(results)> completion{std::move(handler_), std::move(results)};
    const auto work = std::move(work_);
    self.reset();  // the handler may do with its allocator's memory what it likes
    asio::post(work.get_executor(), std::move(completion));
  }

  void destroy() noexcept override {
    Allocator allocator{handler_allocator(handler_)};
    this->~AsyncOperationOf();
    Traits::deallocate(allocator, this, 1);
  }

 private:
  using Allocator = typename std::allocator_traits<decltype(handler_allocator(
      std::declval<const Handler&>()))>::template rebind_alloc<AsyncOperationOf>;
  using Traits = std::allocator_traits<Allocator>;
  using HandlerExecutor = asio::associated_executor_t<Handler, Executor>;

  AsyncOperationOf(Payload&& payload, Handler&& handler, const Executor& executor)
      : payload_{std::move(payload)},
        handler_{std::move(handler)},
        work_{asio::get_associated_executor(handler_, executor)} {}
  ~AsyncOperationOf() = default;

  Payload payload_;
  Handler handler_;
  asio::executor_work_guard<HandlerExecutor> work_;
};

}  // namespace statwire::detail
