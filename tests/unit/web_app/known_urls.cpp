#include "web_app/known_urls.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>

using namespace web_app;

TEST_CASE("web_app URLs: those of all applications, by their hash") {
  const auto urls = parse_urls(R"({"contexts": [
    {"identity": {"version": "v1"}, "timestamp": 1, "info": {"controller": {"aa": {"url": "/a"}, "bb": {"url": "/b"}}}},
    {"identity": {"version": "v2"}, "timestamp": 2, "info": {"controller": {"aa": {"url": "/a"}}}},
    {"identity": {"version": "v3"}, "timestamp": 3, "info": {}}]})");
  REQUIRE(urls);
  CHECK(*urls == Urls{{"aa", "/a"}, {"bb", "/b"}});
  CHECK(parse_urls(R"({"contexts": []})") == Urls{});
}

TEST_CASE("web_app URLs: what is no list of contexts is refused") {
  for (const char* text : {"", "{", "[]", "1", "{}", "null", R"({"contexts": [1]})",
                           R"({"contexts": [{"info": {"controller": 1}}]})",
                           R"({"contexts": [{"info": {"controller": {"a": 1}}}]})",
                           R"({"contexts": [{"info": {"controller": {"a": {}}}}]})",
                           R"({"contexts": [{"info": {"controller": {"a": {"url": 1}}}}]})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_urls(text));
  }
}
