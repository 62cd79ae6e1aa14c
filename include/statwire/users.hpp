#pragma once

// How many users an application has, and how many are active.
//
//   statwire::UserMetrics users{statsd};
//   users.capture(accounts, sessions);
//   users.logged_in();

#include "statwire/handles.hpp"
#include "statwire/protocol/number.hpp"

namespace statwire {

/// Sends gauges of the numbers, and counters of what changes them, under the same two names; servers keep the
/// types apart.
///
/// Threads: every member function may be called from any number of threads at once. Cost: that of a handle.
/// May outlive the client; what it is told then goes nowhere. Source: the user metrics of M3.
class UserMetrics {
 public:
  /// `Statsd` is a client or a scope, whose prefix the names get.
  template <class Statsd>
  explicit UserMetrics(Statsd& statsd)
      : count_{statsd.gauge("users.count")},
        active_{statsd.gauge("users.active")},
        count_changes_{statsd.counter("users.count")},
        active_changes_{statsd.counter("users.active")} {}

  /// Tells both numbers, `users.count:42|g` and `users.active:7|g`, as often as one likes.
  template <protocol::Numeric Total, protocol::Numeric Active>
  void capture(Total total, Active active) const noexcept {
    count_.set(total);
    active_.set(active);
  }

  void logged_in() const noexcept { active_changes_.increment(); }   ///< `users.active:1|c`
  void logged_out() const noexcept { active_changes_.decrement(); }  ///< `users.active:-1|c`
  void created() const noexcept { count_changes_.increment(); }      ///< `users.count:1|c`
  void deleted() const noexcept { count_changes_.decrement(); }      ///< `users.count:-1|c`

 private:
  Gauge count_;
  Gauge active_;
  Counter count_changes_;
  Counter active_changes_;
};

}  // namespace statwire
