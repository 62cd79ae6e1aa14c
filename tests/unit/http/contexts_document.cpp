#include "statwire/http/contexts_document.hpp"

#include <ostream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/m3_lists.hpp"

using statwire::contexts_document;
using statwire::contexts_text;
using statwire::prefix_identity;
using statwire::test::Json;
using statwire::test::m3_list;

TEST_CASE("contexts_document: every prefix of the cases has its identity") {
  for (const Json& entry : m3_list("identity")) {
    CAPTURE(entry);
    CHECK(prefix_identity(entry["prefix"].get<std::string>()) == entry["identity"]);
  }
}

TEST_CASE("contexts_document: empty parts of a prefix are kept, but for one dot at its end") {
  CHECK(prefix_identity("v1.") == Json::parse(R"({"version": "v1"})"));
  CHECK(prefix_identity("v1..c") == Json::parse(R"({"version": "v1", "region": "", "client": "c"})"));
  CHECK(prefix_identity("") == Json::parse(R"({"version": ""})"));
  CHECK(prefix_identity("a.instance") == Json::parse(R"({"version": "a", "region": "instance"})"));
}

TEST_CASE("contexts_document: URLs are there once, and under url only when there are any") {
  const std::string slash = "6666cd76f96956469e7be39d750cc7d9";
  const Json once = contexts_document("v", {"/", "/"}, {"/", "/"}, -5);
  const Json expected = Json::parse(R"({"timestamp": -5, "identity": {"version": "v"}, "info": {
      "controller": {"6666cd76f96956469e7be39d750cc7d9": {"url": "/"}},
      "url": {"6666cd76f96956469e7be39d750cc7d9": "/"}}})");
  CHECK(once == expected);
  const Json none = contexts_document("v", {}, {}, 0);
  CHECK(none["info"] == Json::parse(R"({"controller": {}})"));
}

TEST_CASE("contexts_document: the text is UTF-8 on one line, whatever bytes a URL has") {
  const Json document = contexts_document("v", {"/\xff\"\n"}, {}, 1);
  // printf '/\xff"\n' | md5sum
  CHECK(contexts_text(document) ==
        R"({"identity":{"version":"v"},"info":{"controller":{"a65f4abfffcdeab1ccdb9d45187c1ce5":{"url":"/)"
        "\xef\xbf\xbd"
        R"(\"\n"}}},"timestamp":1})");
}
