#pragma once

// Commits the puts of many clients together: a commit costs a write to the disk whether it holds one put or
// ten thousand.

#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server::detail {

/// Over a store that commits nothing there is nobody to join.
template <MetricsStore Store, class Session>
class GroupCommit {
 public:
  GroupCommit(asio::io_context&, Store&) {}
};

template <CommittingStore Store, class Session>
class GroupCommit<Store, Session> {
 public:
  GroupCommit(asio::io_context& io, Store& store) : io_{io}, store_{store} {}

  /// Calls `session->on_commit(std::error_code)` after the next commit. That is posted: it comes behind all
  /// that the loop has to do at this moment, so every session that is ready now joins the same group.
  void join(std::shared_ptr<Session> session) {
    if (sessions_.empty()) asio::post(io_, [this] { commit(); });
    sessions_.push_back(std::move(session));
  }

 private:
  void commit() {
    std::error_code ec;
    store_.commit(ec);
    for (const auto& session : std::exchange(sessions_, {})) session->on_commit(ec);
  }

  asio::io_context& io_;
  Store& store_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

}  // namespace statwire::server::detail
