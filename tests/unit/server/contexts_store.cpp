#include "statwire/server/contexts_store.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "statwire/detail/json.hpp"

using namespace statwire::server;

namespace {

constexpr const char* desktop =
    R"({"controller": {"e1fc414efb00462ad25041a21e45e696": {"url": "/desktop"}}})";
constexpr const char* no_controllers = R"({"controller": {}})";

std::string document(const std::string& identity, const std::string& info = no_controllers,
                     const std::string& timestamp = "7") {
  return R"({"identity": )" + identity + R"(, "timestamp": )" + timestamp + R"(, "info": )" + info + "}";
}

std::string with_info(const std::string& info) {
  return document(R"({"instance": "a"})", info);
}

std::string refusal(std::string_view body) {
  ContextsStore store;
  std::string why;
  CHECK(store.put(body, why) == Registration::is_malformed);
  CHECK(store.size() == 0);
  CHECK(std::all_of(why.begin(), why.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  CHECK(why.size() < 500);
  return why;
}

Registration put(ContextsStore& store, const std::string& body) {
  std::string why;
  return store.put(body, why);
}

}  // namespace

TEST_CASE("contexts store: a document is listed as it was, in order of the identities") {
  ContextsStore store;
  CHECK(store.json() == R"({"contexts": []})");
  REQUIRE(put(store, document(R"({"instance": "b"})", desktop, "-5")) == Registration::is_taken);
  REQUIRE(put(store, document(R"({"version": "v1", "instance": "a"})")) == Registration::is_taken);
  CHECK(store.json() ==
        R"({"contexts": [)"
        R"({"identity": {"instance":"a","version":"v1"}, "timestamp": 7, "info": {"controller":{}}}, )"
        R"({"identity": {"instance":"b"}, "timestamp": -5, "info": )"
        R"({"controller":{"e1fc414efb00462ad25041a21e45e696":{"url":"/desktop"}}}}]})");
}

TEST_CASE(
    "contexts store: what an identity registers last replaces the former, whatever its order and time") {
  ContextsStore store;
  REQUIRE(put(store, document(R"({"instance": "a", "version": "v1"})", desktop, "9")) ==
          Registration::is_taken);
  REQUIRE(put(store, document(R"({"version": "v1", "instance": "a"})", no_controllers, "8")) ==
          Registration::is_taken);
  CHECK(store.size() == 1);
  CHECK(store.json() == R"({"contexts": [{"identity": {"instance":"a","version":"v1"}, "timestamp": 8, )"
                        R"("info": {"controller":{}}}]})");
}

TEST_CASE("contexts store: URLs of any text, members beside, and the greatest timestamp are taken") {
  for (const std::string& body : {
           with_info(R"({"controller": {"d41d8cd98f00b204e9800998ecf8427e": {"url": "", "name": [1]}}})"),
           with_info(R"({"controller": {}, "url": {"62ce4042be0628fb7dcf2b1a03f36295": "/desktop/save"}})"),
           with_info(R"({"controller": {}, "url": {}, "other": {"a": [1.5, null, true, "\u0000\n"]}})"),
           // MD5 of the two bytes of U+00E9 in UTF-8
           with_info("{\"controller\": {}, \"url\": {\"66ddcd97cfdeabb2f6fb8a999b4bc76f\": \"\\u00e9\"}}"),
           document(R"({"instance": "a"})", no_controllers, "9223372036854775807"),
           R"({"extra": 1, )" + document(R"({"instance": "a"})").substr(1),
       }) {
    CAPTURE(body);
    ContextsStore store;
    std::string why;
    REQUIRE(store.put(body, why) == Registration::is_taken);
    CHECK(why == "");
    const auto json = nlohmann::json::parse(store.json());
    CHECK(json["contexts"][0]["info"] == nlohmann::json::parse(body)["info"]);
  }
}

TEST_CASE(
    "contexts store: a body that is no contexts document is refused with what is wrong and what is right") {
  struct Case {
    std::string body;
    const char* why;
  };
  const std::string identity_expected = R"(expected an object of strings such as {"instance": "a"})";
  const Case cases[]{
      {"", "the body is empty; expected a JSON object"},
      {"[]",
       R"(the body is no object but array; expected a JSON object with "identity", "info" and "timestamp")"},
      {"{}", R"("identity" is missing; expected an object of strings)"},
      {document("[]"),
       R"("identity" is no object but array; expected an object of strings such as {"instance": "a"})"},
      {document("{}"), R"("identity" is empty; expected an object of strings such as {"instance": "a"})"},
      {document(R"({"instance": 1})"), R"("identity" has number at "instance"; expected a string)"},
      {document(R"({"a\nb": null})"), R"("identity" has null at "a?b"; expected a string)"},
      {R"({"identity": {"a": "b"}, "timestamp": 7})",
       R"("info" is missing; expected an object with "controller")"},
      {with_info("null"), R"("info" is no object but null; expected an object with "controller")"},
      {with_info("{}"), R"("controller" is missing; expected an object of objects with a "url" in "info")"},
      {with_info(R"({"controller": []})"),
       R"("controller" of "info" is no object but array; )"
       R"(expected an object such as {"<MD5 of the URL>": {"url": "<URL>"}})"},
      {with_info(R"({"controller": {"x": "/desktop"}})"),
       R"("controller" of "info" has no string "url" at "x"; )"
       R"(expected an object such as {"<MD5 of the URL>": {"url": "<URL>"}})"},
      {with_info(R"({"controller": {"x": {"url": 1}}})"),
       R"("controller" of "info" has no string "url" at "x"; )"
       R"(expected an object such as {"<MD5 of the URL>": {"url": "<URL>"}})"},
      {with_info(R"({"controller": {"E1FC414EFB00462AD25041A21E45E696": {"url": "/desktop"}}})"),
       R"("controller" of "info" has the key "E1FC414EFB00462AD25041A21E45E696" for the URL "/desktop", )"
       R"(whose MD5 is e1fc414efb00462ad25041a21e45e696)"},
      {with_info(R"({"controller": {}, "url": ["/"]})"),
       R"("url" of "info" is no object but array; expected an object such as {"<MD5 of the URL>": "<URL>"})"},
      {with_info(R"({"controller": {}, "url": {"x": {}}})"),
       R"("url" of "info" has object at "x"; expected a string)"},
      {with_info(R"({"controller": {}, "url": {"e1fc414efb00462ad25041a21e45e696": "/desktop/save"}})"),
       R"("url" of "info" has the key "e1fc414efb00462ad25041a21e45e696" for the URL "/desktop/save", )"
       R"(whose MD5 is 62ce4042be0628fb7dcf2b1a03f36295)"},
      {R"({"identity": {"a": "b"}, "info": {"controller": {}}})",
       R"("timestamp" is missing; expected an integer of Unix seconds)"},
      {document(R"({"a": "b"})", no_controllers, "1.5"),
       R"("timestamp" is 1.5; expected an integer of Unix seconds)"},
      {document(R"({"a": "b"})", no_controllers, R"("7")"),
       R"("timestamp" is "7"; expected an integer of Unix seconds)"},
      {document(R"({"a": "b"})", no_controllers, "[7]"),
       R"("timestamp" is array; expected an integer of Unix seconds)"},
      {document(R"({"a": "b"})", no_controllers, "9223372036854775808"),
       R"("timestamp" is 9223372036854775808; expected an integer of Unix seconds)"},
      {document(R"({"a": "b"})", no_controllers, "1e999"),
       "the body holds a number beyond the range of a double"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.body);
    CHECK(refusal(item.body) == item.why);
  }
}

TEST_CASE("contexts store: what is no JSON is refused with the place") {
  struct Case {
    std::string body;
    const char* place;
  };
  const Case cases[]{
      {R"({"identity": {"a")", " at byte 18"},
      {"nonsense", " at byte 2"},
      {"{\"a\": \"\n\"}", " at byte 8"},
      {"{} {}", " at byte 4"},
      {"{\"a\": \"\xff\"}", " at byte 8"},
      {R"({"a": "\ud800"})", " at byte 14"},
      {"\"" + std::string(100'000, 'x'), " at byte 100002"},
      {std::string(2, '\0'), " at byte 1"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.body.substr(0, 100));
    const std::string why = refusal(item.body);
    CHECK(why.starts_with("the body is no JSON: "));
    CHECK_MESSAGE(why.ends_with(item.place), why);
  }
}

TEST_CASE("contexts store: deep nesting is refused, however deep") {
  constexpr std::size_t deep = 500'000;
  for (const char* opening : {"[", "{\"a\":"}) {
    std::string bomb;
    for (std::size_t i = 0; i < deep; ++i) bomb += opening;
    CHECK(refusal(bomb) == "the body is nested deeper than 32 levels");
    CHECK(refusal(with_info(R"({"controller": {}, "x": )" + bomb)) ==
          "the body is nested deeper than 32 levels");
  }
  const std::string whole = std::string(deep, '[') + std::string(deep, ']');
  CHECK(refusal(with_info(R"({"controller": {}, "x": )" + whole + "}")) ==
        "the body is nested deeper than 32 levels");
}

TEST_CASE("contexts store: a new instance beyond the limit is refused, those that are known may go on") {
  ContextsStore store{{.max_instances = 1}};
  REQUIRE(put(store, document(R"({"a": "1"})")) == Registration::is_taken);
  std::string why;
  CHECK(store.put(document(R"({"a": "2"})"), why) == Registration::is_refused);
  CHECK(why == "no more than 1 instances are kept");
  CHECK(put(store, document(R"({"a": "1"})", desktop)) == Registration::is_taken);
  CHECK(store.size() == 1);
}

TEST_CASE("contexts store: bytes beyond the limit are refused, and what is replaced makes room") {
  const std::string large = R"({"controller": {}, "x": ")" + std::string(500, 'x') + "\"}";
  ContextsStore store{{.max_bytes = 1000}};
  REQUIRE(put(store, document(R"({"a": "1"})", large)) == Registration::is_taken);
  const std::string before = store.json();
  std::string why;
  CHECK(store.put(document(R"({"a": "2"})", large), why) == Registration::is_refused);
  CHECK(why == "no more than 1000 bytes of contexts are kept");
  CHECK(store.json() == before);
  for (int i = 0; i < 10; ++i) CHECK(put(store, document(R"({"a": "1"})", large)) == Registration::is_taken);
  CHECK(put(store, document(R"({"a": "1"})")) == Registration::is_taken);
  CHECK(put(store, document(R"({"a": "2"})", large)) == Registration::is_taken);
}

TEST_CASE("contexts store: a document of very many controllers takes no time that grows with their square") {
  std::string body = R"({"identity": {"instance": "a"}, "timestamp": 1, "info": {"controller": {)";
  for (int i = 0; i < 30'000; ++i) {  // with the square, a minute would not do
    const std::string url = "/" + std::to_string(i);
    body += (i == 0 ? "\"" : ",\"") + statwire::protocol::md5_text(url) + R"(":{"url":")" + url + "\"}";
  }
  body += "}}}";
  ContextsStore store;
  std::string why;
  CHECK(store.put(body, why) == Registration::is_taken);
}
