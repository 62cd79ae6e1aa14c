#include "web_app/users.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>

#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/memory_statsd.hpp"

using namespace web_app;
using statwire::testing::nothing;

namespace {

struct Shop {
  statwire::StatsdClient<statwire::testing::MemoryTransport> statsd{statwire::testing::MemoryTransport{},
                                                                    {.flush = statwire::Flush::manual}};
  Users users{statwire::UserMetrics{statsd}};

  statwire::testing::Captured captured() {
    statsd.flush();
    return statwire::testing::Captured{statsd.transport()};
  }
};

}  // namespace

TEST_CASE("web_app users: a login gives a session that a logout ends, once") {
  Shop shop;
  const Users::Login first = shop.users.login("user_1");
  const Users::Login second = shop.users.login("user_1");
  CHECK(first.session.size() == 32);
  CHECK(first.session != second.session);
  CHECK(shop.users.login("user_7").session != "");
  CHECK(shop.users.logout(first.session));
  CHECK_FALSE(shop.users.logout(first.session));
  CHECK_FALSE(shop.users.logout(""));
  CHECK(shop.captured().counter("users.active") == 2);
}

TEST_CASE("web_app users: only users log in, also those who are new") {
  Shop shop;
  const Users::Login stranger = shop.users.login("alice");
  CHECK(stranger.session == "");
  CHECK(stranger.refusal == Users::Refusal::no_such_user);
  CHECK(shop.captured().counter("users.active") == nothing);
  CHECK(shop.users.create("alice") == Users::Creation::done);
  CHECK(shop.users.create("alice") == Users::Creation::exists_already);
  CHECK(shop.users.login("alice").session != "");
  CHECK(shop.captured().counter("users.count") == 1);
}

TEST_CASE("web_app users: a capture tells how many accounts and sessions there are") {
  Shop shop;
  shop.users.capture();
  CHECK(shop.captured().gauge("users.count") == 100);
  CHECK(shop.captured().gauge("users.active") == 0);
  shop.users.create("alice");
  static_cast<void>(shop.users.login("alice"));
  shop.users.capture();
  CHECK(shop.captured().gauge("users.count") == 101);
  CHECK(shop.captured().gauge("users.active") == 1);
}

TEST_CASE("web_app users: sessions and accounts have a limit") {
  Shop shop;
  std::string session;
  for (std::size_t i = 0; i < Users::max_sessions; ++i) session = shop.users.login("user_1").session;
  CHECK(session != "");
  CHECK(shop.users.login("user_1").refusal == Users::Refusal::is_full);
  CHECK(shop.users.logout(session));
  CHECK(shop.users.login("user_1").session != "");

  for (std::size_t i = 100; i < Users::max_accounts; ++i) {
    REQUIRE(shop.users.create(std::to_string(i)) == Users::Creation::done);
  }
  CHECK(shop.users.create("one too many") == Users::Creation::is_full);
}
