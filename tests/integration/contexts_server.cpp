#include "statwire/server/contexts_server.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>

#include "statwire/detail/httplib.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

const std::string desktop =
    R"({"identity": {"version": "v1", "instance": "a"}, "timestamp": 1386900000, "info": {"controller": )"
    R"({"e1fc414efb00462ad25041a21e45e696": {"url": "/desktop"}}}})";

}  // namespace

TEST_CASE("contexts server: what an instance registers is listed") {
  server::ContextsServer server;
  server.start();
  httplib::Client client{"127.0.0.1", server.port()};
  const auto registered = client.Post("/register", desktop, "application/json");
  REQUIRE(registered);
  CHECK(registered->status == 200);
  CHECK(registered->body == "ok\n");
  const auto listed = client.Get("/contexts");
  REQUIRE(listed);
  CHECK(listed->status == 200);
  CHECK(listed->get_header_value("Content-Type") == "application/json");
  CHECK(listed->body ==
        R"({"contexts": [{"identity": {"instance":"a","version":"v1"}, "timestamp": 1386900000, )"
        R"("info": {"controller":{"e1fc414efb00462ad25041a21e45e696":{"url":"/desktop"}}}}]})");
  CHECK(server.contexts() == listed->body);
}
