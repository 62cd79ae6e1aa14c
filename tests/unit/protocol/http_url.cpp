#include "statwire/protocol/http_url.hpp"

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using statwire::protocol::HttpUrl;
using statwire::protocol::parse_http_url;

TEST_CASE("http_url: each form is read into its parts") {
  struct Form {
    std::string_view text;
    HttpUrl url;
  };
  const std::vector<Form> forms{
      {"http://localhost:1942/register", {.host = "localhost", .port = 1942, .target = "/register"}},
      {"http://host", {.host = "host", .port = 80, .target = "/"}},
      {"http://host/", {.host = "host", .port = 80, .target = "/"}},
      {"http://host:80", {.host = "host", .port = 80, .target = "/"}},
      {"http://host:65535/", {.host = "host", .port = 65535, .target = "/"}},
      {"http://a_b-c.d:1/x/y.z", {.host = "a_b-c.d", .port = 1, .target = "/x/y.z"}},
      {"http://10.0.0.1/x", {.host = "10.0.0.1", .port = 80, .target = "/x"}},
      {"http://[::1]", {.host = "::1", .port = 80, .target = "/"}},
      {"http://[::1]:1942/register", {.host = "::1", .port = 1942, .target = "/register"}},
      {"http://[fe80::1%lo]/x", {.host = "fe80::1%lo", .port = 80, .target = "/x"}},
      {"http://host?a=b", {.host = "host", .port = 80, .target = "/?a=b"}},
      {"http://host:8080?a=b/c", {.host = "host", .port = 8080, .target = "/?a=b/c"}},
      {"http://host/a?b=c&d=%20+~!$'()*,;:@[]", {.host = "host", .target = "/a?b=c&d=%20+~!$'()*,;:@[]"}},
      {"http://host//http://other/", {.host = "host", .target = "//http://other/"}},
  };
  for (const Form& form : forms) {
    CAPTURE(form.text);
    const std::optional<HttpUrl> url = parse_http_url(form.text);
    REQUIRE(url);
    CHECK(url->host == form.url.host);
    CHECK(url->port == form.url.port);
    CHECK(url->target == form.url.target);
  }
}

TEST_CASE("http_url: what is none is refused") {
  const std::vector<std::string_view> texts{
      "",
      "http",
      "http:/host",
      "http://",
      "http:///x",
      "http://:80/",
      "http://?a",
      "https://host/",
      "HTTP://host/",
      "udp://host/",
      "host/x",
      "//host/x",
      "localhost:1942/register",
      " http://host/",
      "http://host:/",
      "http://host:0/",
      "http://host:65536/",
      "http://host:-1/",
      "http://host:+1/",
      "http://host:80x/",
      "http://host:80:81/",
      "http://user@host/",
      "http://user:word@host/",
      "http://::1/",
      "http://[::1",
      "http://[]/",
      "http://[::1]x/",
      "http://[::1]:/",
      "http://ho st/",
      "http://host\r\n/",
      "http://host/a b",
      "http://host/a\tb",
      "http://host/a\r\nX: y",
      "http://host/a#b",
      "http://host#b",
      "http://host/\x7f",
      "http://host/\xc3\xa9",
      {"http://host/\0", 13},
      {"http://ho\0st/", 13},
  };
  for (const std::string_view text : texts) {
    CAPTURE(std::string{text});
    CHECK_FALSE(parse_http_url(text));
  }
}
