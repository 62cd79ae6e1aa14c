#include "statwire/server/group_commit.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "statwire/detail/asio.hpp"
#include "support/faulty_store.hpp"

namespace {

using statwire::test::FaultyStore;

struct ThrowingStore : FaultyStore {
  void commit(std::error_code& ec) {
    if (++tries == 1) throw std::runtime_error{"commit"};
    FaultyStore::commit(ec);
  }

  int tries = 0;
};

struct Session {
  void on_commit(std::error_code ec) { results.push_back(ec); }

  std::vector<std::error_code> results{};
};

template <class Store>
struct Group {
  asio::io_context io{};  // runs on the test's thread, and has no sockets
  Store store{};
  statwire::server::detail::GroupCommit<Store, Session> commits{io, store};
};

}  // namespace

TEST_CASE("group_commit: all that join before the loop comes to it share a commit") {
  Group<FaultyStore> group;
  const auto first = std::make_shared<Session>();
  const auto second = std::make_shared<Session>();
  for (std::size_t round = 1; round <= 2; ++round) {
    group.commits.join(first, 1);
    group.commits.join(second, 49'000);
    CHECK(group.store.commits == round - 1);
    group.io.restart();
    group.io.run();
    CHECK(group.store.commits == round);
    CHECK(first->results.size() == round);
    CHECK(second->results.size() == round);
  }
}

TEST_CASE("group_commit: very many puts are committed at once, and those that follow with the next") {
  Group<FaultyStore> group;
  const auto session = std::make_shared<Session>();
  group.commits.join(session, 60'000);
  CHECK(group.store.commits == 0);
  group.commits.join(session, 60'000);
  CHECK(group.store.commits == 1);
  CHECK(session->results.size() == 2);
  group.commits.join(session, 60'000);
  CHECK(group.store.commits == 1);
  group.io.run();
  CHECK(group.store.commits == 2);
  CHECK(session->results.size() == 3);
  group.commits.join(session, 100'000);
  CHECK(group.store.commits == 3);
  group.io.restart();
  group.io.run();
  CHECK(group.store.commits == 3);  // of nothing, there is no commit
}

TEST_CASE("group_commit: a commit that throws gives up its sessions, and later ones are served") {
  Group<ThrowingStore> group;
  const auto session = std::make_shared<Session>();
  group.commits.join(session, 1);
  group.io.run();
  CHECK(session->results.empty());
  CHECK(session.use_count() == 1);
  group.commits.join(session, 1);
  group.io.restart();
  group.io.run();
  CHECK(session->results.size() == 1);
}
