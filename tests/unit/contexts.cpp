#include "statwire/contexts.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "support/m3_lists.hpp"

using namespace statwire;
using statwire::test::Json;
using statwire::test::m3_list;
using namespace std::chrono_literals;

namespace {

/// Answers with a status or an error, and keeps what was posted.
struct FakePost {
  int post(const HttpRequest& request, std::error_code& ec) {
    requests.push_back(request);
    ec = error;
    return status;
  }

  int status = 200;
  std::error_code error{};
  std::vector<HttpRequest> requests{};
};
static_assert(HttpPost<FakePost>);

const Settings settings{.prefix = "v1.tatar.bars.test.instance_test"};

/// The message of what is thrown, and the code of both overloads, which is the same.
std::string message_of(const Settings& wrong, const ContextsOptions& options, FakePost& client,
                       std::error_code& ec) {
  register_contexts(wrong, {"/desktop"}, options, client, ec);
  try {
    register_contexts(wrong, {"/desktop"}, options, client);
  } catch (const ClientError& error) {
    CHECK(error.code() == ec);
    return error.what();
  }
  return {};
}

std::string text_of(const Json& value) {
  return value.is_null() ? "" : value.get<std::string>();
}

void check_case(const Json& entry) {
  Settings of_case{.prefix = text_of(entry["prefix"])};
  of_case.contexts_url = "http://127.0.0.1:1942/register";
  std::vector<std::string> controllers;
  ContextsOptions options{.now = [] { return std::int64_t{1386900000}; }};
  const bool is_later_form = entry["version"].get<std::string>().starts_with("2.0.9.5");
  if (entry.contains("controllers")) {
    CHECK(static_cast<std::int64_t>(entry["now"].get<double>()) == options.now());
    for (const auto& [controller, urls] : entry["controllers"].items()) {
      controllers.push_back(controller);
      for (const Json& url : urls) {
        if (is_later_form) options.urls.push_back(url);
      }
    }
  }
  FakePost client;
  const bool is_refused = entry.contains("server");
  if (is_refused) {
    client.error = errc::connect_failed;
  } else {
    client.status = entry["server_status"];
  }
  std::error_code ec;
  register_contexts(of_case, controllers, options, client, ec);
  if (entry.contains("raises")) {
    CHECK(ec == errc::missing_prefix);
    CHECK(client.requests.empty());
    return;
  }
  REQUIRE(client.requests.size() == 1);
  if (is_refused) {
    CHECK(ec == errc::connect_failed);
    return;
  }
  CHECK(ec == (client.status == 200 ? std::error_code{} : http_status_error(client.status)));
  const HttpRequest& request = client.requests.front();
  CHECK("POST " + request.url.target + " HTTP/1.1" == entry["request_line"]);
  CHECK(Json::parse(request.body) == entry["json_body"]);
  std::map<std::string, std::string> expected = entry["headers"];
  expected.erase("host");            // the client's
  expected.erase("content-length");  // the client's
  expected["user-agent"] = "statwire/" STATWIRE_DETAIL_VERSION_TEXT;
  std::map<std::string, std::string> headers;
  for (auto [name, value] : request.headers) {
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    CHECK(headers.emplace(name, value).second);
  }
  CHECK(headers == expected);
}

}  // namespace

TEST_CASE("contexts: every case is posted, or refused, as the original did") {
  for (const Json& entry : m3_list("contexts")) {
    CAPTURE(entry);
    check_case(entry);
  }
}

TEST_CASE("contexts: a status of 200 to 299 is success, and any other is its own code") {
  for (const int status : {200, 201, 204, 299}) {
    FakePost client{.status = status};
    std::error_code ec = errc::timed_out;
    register_contexts(settings, {}, {}, client, ec);
    CHECK_FALSE(ec);
    register_contexts(settings, {}, {}, client);
    CHECK(client.requests.size() == 2);
  }
  for (const int status : {199, 300, 302, 404, 500, 999}) {
    FakePost client{.status = status};
    std::error_code ec;
    CHECK(message_of(settings, {}, client, ec) ==
          "statwire: cannot register contexts at http://localhost:1942/register: the server answered with "
          "the HTTP status " +
              std::to_string(status));
    CHECK(ec == std::error_code{status, http_status_category()});
  }
}

TEST_CASE("contexts: a client that tells neither a status nor an error had no reply") {
  FakePost client{.status = 0};
  std::error_code ec;
  register_contexts(settings, {}, {}, client, ec);
  CHECK(ec == errc::no_http_reply);
}

TEST_CASE("contexts: what the client says passes through") {
  const std::vector<std::error_code> errors{errc::connect_failed, errc::timed_out, errc::no_http_reply,
                                            std::make_error_code(std::errc::host_unreachable)};
  for (const std::error_code& error : errors) {
    FakePost client{.status = 200, .error = error};
    std::error_code ec;
    CHECK(message_of(settings, {}, client, ec) ==
          "statwire: cannot register contexts at http://localhost:1942/register: " + error.message());
    CHECK(ec == error);
  }
}

TEST_CASE("contexts: what is wrong is named with its value, and nothing is posted") {
  const std::string start = "statwire: cannot register contexts at ";
  const std::string end = ": " + make_error_code(errc::invalid_option).message();
  FakePost client;
  std::error_code ec;
  for (const std::string url : {"", "localhost:1942", "https://host/", "http://host:0/", "http://h/a b"}) {
    Settings wrong = settings;
    wrong.contexts_url = url;
    CHECK(message_of(wrong, {}, client, ec) ==
          start + url + ": contexts_url is '" + url +
              "', expected http://host:port/path, with a port from 1 to 65535 and without white space" + end);
    CHECK(ec == errc::invalid_option);
  }
  for (const auto timeout : {0ms, -1ms}) {
    CHECK(message_of(settings, {.timeout = timeout}, client, ec) ==
          start + settings.contexts_url + ": timeout is " + std::to_string(timeout.count()) +
              " ms, expected more than 0" + end);
    CHECK(ec == errc::invalid_option);
  }
  CHECK(message_of({}, {}, client, ec) ==
        start + settings.contexts_url + ": " + make_error_code(errc::missing_prefix).message());
  CHECK(ec == errc::missing_prefix);
  CHECK(client.requests.empty());
}

TEST_CASE("contexts: the request has a deadline, the time, and the parts of the URL") {
  FakePost client;
  const auto before = std::chrono::steady_clock::now();
  Settings other = settings;
  other.contexts_url = "http://[::1]/a?b=c";
  register_contexts(other, {}, {.timeout = 3s}, client);
  register_contexts(other, {}, {.timeout = std::chrono::milliseconds::max()}, client);
  const auto after = std::chrono::steady_clock::now();
  const HttpRequest& request = client.requests.at(0);
  CHECK(request.deadline >= before + 3s);
  CHECK(request.deadline <= after + 3s);
  CHECK((request.url == protocol::HttpUrl{.host = "::1", .port = 80, .target = "/a?b=c"}));
  CHECK(client.requests.at(1).deadline > after + std::chrono::hours{24 * 365});
  const std::int64_t time = Json::parse(request.body)["timestamp"];
  CHECK(time > 1'600'000'000);
}

TEST_CASE("contexts: every shape of call is unambiguous, and without a prefix none opens a connection") {
  const Settings nobody;
  std::error_code ec;
  CHECK_THROWS_AS(register_contexts(nobody, {"/desktop", "/orders"}), ClientError);
  CHECK_THROWS_AS(register_contexts(nobody, {"/desktop"}, {.urls = {"/desktop/save"}}), ClientError);
  CHECK_THROWS_AS(register_contexts(nobody, {}, {}), ClientError);
  register_contexts(nobody, {"/desktop", "/orders"}, ec);
  CHECK(ec == errc::missing_prefix);
  ec.clear();
  register_contexts(nobody, {"/desktop"}, {.urls = {"/a", "/b"}, .timeout = 1s}, ec);
  CHECK(ec == errc::missing_prefix);
}

TEST_CASE("contexts: a registration is moved, not copied") {
  static_assert(std::is_nothrow_move_constructible_v<ContextsRegistration>);
  static_assert(std::is_nothrow_move_assignable_v<ContextsRegistration>);
  static_assert(!std::is_copy_constructible_v<ContextsRegistration>);
  static_assert(!std::is_copy_assignable_v<ContextsRegistration>);
}
