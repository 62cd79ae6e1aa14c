#pragma once

// Commits the puts of many clients together: a commit costs a write to the disk whether it holds one put or
// ten thousand.

#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/mishap.hpp"

namespace statwire::server::detail {

/// `Store` has a commit(std::error_code&), as a CommittingStore has.
template <class Store, class Session>
class GroupCommit {
 public:
  GroupCommit(asio::io_context& io, Store& store) : io_{io}, store_{store} {}

  /// Calls `session->on_commit(std::error_code)` after the next commit. That is posted: it comes behind all
  /// that the loop has to do at this moment, so every session that is ready now joins the same group. It
  /// comes at once when the group has very many puts: that bounds the log of the store, and how long a commit
  /// takes. `puts` is how many replies of the session wait for it.
  void join(std::shared_ptr<Session> session, std::size_t puts) {
    sessions_.push_back(std::move(session));
    puts_ += puts;
    if (puts_ >= many_puts) return commit();
    if (is_posted_) return;
    asio::post(io_, [this] {
      is_posted_ = false;
      if (!sessions_.empty()) commit();
    });
    is_posted_ = true;
  }

 private:
  static constexpr std::size_t many_puts = 100'000;

  /// When the store throws, nobody knows what it has stored: the sessions end, and with them their
  /// connections.
  void commit() {
    const auto sessions = std::exchange(sessions_, {});
    puts_ = 0;
    std::error_code ec;
    if (!survives([&] { store_.commit(ec); })) return;
    for (const auto& session : sessions) session->on_commit(ec);
  }

  asio::io_context& io_;
  Store& store_;
  std::vector<std::shared_ptr<Session>> sessions_;
  std::size_t puts_ = 0;    ///< Of these sessions.
  bool is_posted_ = false;  ///< A commit is.
};

}  // namespace statwire::server::detail
