#pragma once

// The requests of one connection that wait for their answers, without I/O: what is to be written, which
// operation each answer belongs to, whose deadline is next. An operation may end before its answer comes
// (cancelled); its answer is then read and thrown away, so the ones behind it get theirs. Used by
// AsyncMetricsClient; bytes and answers are matched by metrics_pipeline.hpp.

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/client/metrics_pipeline.hpp"
#include "statwire/error.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire::client {

/// A queue in memory that is kept: at a steady length it allocates nothing, which std::deque does.
template <class Element>
class Ring {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  Element& operator[](std::size_t index) noexcept { return slots_[(begin_ + index) & (slots_.size() - 1)]; }
  Element& front() noexcept { return (*this)[0]; }

  void push_back(Element&& element) {
    if (size_ == slots_.size()) grow();
    (*this)[size_] = std::move(element);
    ++size_;
  }

  Element pop_front() {
    assert(!empty());
    Element element = std::exchange(front(), Element{});
    begin_ = (begin_ + 1) & (slots_.size() - 1);
    --size_;
    return element;
  }

 private:
  void grow() {
    std::vector<Element> larger(std::max<std::size_t>(16, 2 * slots_.size()));
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    begin_ = 0;
  }

  std::vector<Element> slots_;  ///< As many as a power of two.
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

/// Something that a client was asked for. `Operation` is a smart pointer to what is told the outcome:
/// `row(const protocol::Row&)`, and once `complete(std::error_code, std::size_t stored)`, which lets go of
/// it.
template <class Operation>
struct MetricsOrder {
  enum class Kind : std::uint8_t { connect, put, get, cancel, close };

  Operation operation{};  ///< None when it has ended already.
  Kind kind = Kind::put;
  bool is_refused = false;   ///< One of its puts, or the get.
  std::uint64_t id = 0;      ///< Ascending.
  std::size_t bytes = 0;     ///< Of its lines.
  std::size_t requests = 1;  ///< Of its lines, those that are unanswered; a connect has one "answer".
  std::size_t stored = 0;    ///< Of its lines, those that were answered with ok.
  Deadline deadline{};       ///< Not before that of an earlier order.
};

/// One thread at a time.
template <class Operation>
class MetricsExchange {
 public:
  using Order = MetricsOrder<Operation>;
  using Kind = typename Order::Kind;

  explicit MetricsExchange(const protocol::ReplyLimits& limits) : limits_{limits} {}

  bool empty() const noexcept { return orders_.empty(); }

  /// Requests that were added and not answered yet.
  std::uint64_t unanswered() const noexcept { return pipeline_.unanswered(); }

  /// Until when the oldest order is to be answered; there is one.
  Deadline deadline() noexcept { return orders_.front().deadline; }

  /// Adds a put or a get with its lines, or a connect.
  void add(Order&& order, std::string_view lines) {
    if (order.kind != Kind::connect) {
      pipeline_.add(
          {}, order.kind == Kind::get ? MetricsPipeline::Expected::rows : MetricsPipeline::Expected::nothing,
          order.requests, limits_);
    }
    unwritten_.append(lines);
    orders_.push_back(std::move(order));
  }

  /// The oldest order was a connect, and the connection is there.
  void connected() {
    assert(orders_.front().kind == Kind::connect);
    end_oldest({});
  }

  const std::string& unwritten() const noexcept { return unwritten_; }

  /// Swaps what is to be written next for an empty string, whose memory is used for what comes.
  void take_unwritten(std::string& empty) noexcept { unwritten_.swap(empty); }

  /// Takes what was read; operations complete on the way. An error means that the connection is of no more
  /// use: fail() is to follow. When bytes that nobody asked for follow the last answer, its operation has the
  /// error, as one that is answered twice cannot know which answer was meant.
  void receive(std::string_view bytes, std::error_code& ec) {
    pipeline_.receive(bytes, *this, ec);
    if (ec && orders_.empty()) answered_ec_ = ec;
    complete(answered_, answered_ec_);
  }

  /// The connection is closed: every operation completes with the error.
  void fail(std::error_code ec) {
    end_all([ec](const Order&) { return ec; });
  }

  /// The connection is closed because the oldest order was not answered in time: what has passed its deadline
  /// has timed out, the others are not connected.
  void time_out(Deadline now) {
    end_all(
        [now](const Order& order) { return order.deadline <= now ? errc::timed_out : errc::not_connected; });
  }

  /// Completes an operation before its answer comes; one that has completed is left alone. Returns whether it
  /// was a connect.
  bool cancel(std::uint64_t id, std::error_code ec) {
    std::size_t begin = 0;
    for (std::size_t end = orders_.size(); begin != end;) {
      const std::size_t middle = begin + (end - begin) / 2;
      orders_[middle].id < id ? begin = middle + 1 : end = middle;
    }
    if (begin == orders_.size() || orders_[begin].id != id) return false;
    complete(orders_[begin], ec);
    return orders_[begin].kind == Kind::connect;
  }

  /// The same with every operation.
  bool cancel_all(std::error_code ec) {
    for (std::size_t i = 0; i < orders_.size(); ++i) complete(orders_[i], ec);
    return !orders_.empty() && orders_.front().kind == Kind::connect;
  }

  /// Gives up all orders; they do not complete.
  Ring<Order> take_orders() { return std::exchange(orders_, {}); }

  /// Bytes of the orders that have ended since the last time.
  std::size_t take_ended_bytes() noexcept { return std::exchange(ended_bytes_, 0); }

  // What the pipeline tells of the answers: see AnswerListener.
  void row(const protocol::Row& row) {
    complete(answered_, answered_ec_);
    if (orders_.front().operation) orders_.front().operation->row(row);
  }
  void got() { answer_oldest({}); }
  void stored(std::size_t count) {
    while (count != 0) {
      Order& oldest = orders_.front();
      const std::size_t taken = std::min(count, oldest.requests);
      oldest.stored += taken;
      count -= taken;
      answered(oldest, taken);
    }
  }
  void refused(std::string_view /*words*/) {
    orders_.front().is_refused = true;
    answered(orders_.front(), 1);
  }

 private:
  void answered(Order& oldest, std::size_t count) {
    oldest.requests -= count;
    if (oldest.requests == 0) answer_oldest(oldest.is_refused ? errc::command_refused : std::error_code{});
  }

  /// Completes the order that was answered before; the last one waits for the end of the bytes.
  void answer_oldest(std::error_code ec) {
    complete(answered_, answered_ec_);
    answered_ = orders_.pop_front();
    answered_ec_ = ec;
    ended_bytes_ += answered_.bytes;
  }

  void end_oldest(std::error_code ec) {
    Order order = orders_.pop_front();
    ended_bytes_ += order.bytes;
    complete(order, ec);
  }

  template <class ErrorOf>
  void end_all(ErrorOf&& error_of) {
    complete(answered_, answered_ec_);
    pipeline_.reset();
    unwritten_.clear();
    while (!orders_.empty()) end_oldest(error_of(orders_.front()));
  }

  void complete(Order& order, std::error_code ec) {
    // Taken out first: whatever happens, it does not complete twice.
    if (Operation operation = std::exchange(order.operation, Operation{})) {
      auto& told = *operation.release();
      told.complete(ec, order.stored);
    }
  }

  protocol::ReplyLimits limits_;
  MetricsPipeline pipeline_;
  Ring<Order> orders_;
  Order answered_;  ///< The last, while the bytes of its answer are looked at.
  std::error_code answered_ec_;
  std::string unwritten_;
  std::size_t ended_bytes_ = 0;
};

}  // namespace statwire::client
