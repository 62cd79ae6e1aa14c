#include "web_app/routes.hpp"

#include <chrono>
#include <optional>
#include <statwire/protocol/md5.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace web_app {
namespace {

using httplib::Request;
using httplib::Response;

constexpr const char* plain_text = "text/plain";

void answer(Response& response, int status, const std::string& line) {
  response.status = status;
  response.set_content(line + '\n', plain_text);
}

/// The session in a header `Cookie: a=1; session=0123`; empty when there is none.
std::string session_of(const Request& request) {
  std::string header = request.get_header_value("Cookie");
  std::string_view cookies = header;
  while (!cookies.empty()) {
    const std::size_t begin = cookies.find_first_not_of(" ;");
    if (begin == cookies.npos) break;
    cookies.remove_prefix(begin);
    const std::string_view cookie = cookies.substr(0, cookies.find(';'));
    constexpr std::string_view name = "session=";
    if (cookie.starts_with(name)) return std::string{cookie.substr(name.size())};
    cookies.remove_prefix(cookie.size());
  }
  return {};
}

/// The page that a user sees first; short work.
void show_desktop(const Request& /*request*/, Response& response) {
  constexpr int articles = 100;
  std::string page = "what is new:\n";
  for (int i = 1; i <= articles; ++i)
    page += "article " + std::to_string(i) + ": /orders/" + std::to_string(i) + '\n';
  response.set_content(page, plain_text);
}

/// A receipt that costs some work, as signing it would.
void show_order(const Request& request, Response& response) {
  constexpr int rounds = 100;
  std::string receipt = request.matches[1];
  for (int i = 0; i < rounds; ++i) receipt = statwire::protocol::md5_text(receipt);
  answer(response, 200, "order " + request.matches[1].str() + ", receipt " + receipt);
}

/// Waits, as for a store that is slow, and now and then slower.
void show_report(const Request& /*request*/, Response& response) {
  constexpr std::chrono::milliseconds usual{20};
  constexpr std::chrono::milliseconds seldom{60};
  thread_local unsigned calls = 0;
  std::this_thread::sleep_for(++calls % 10 == 0 ? seldom : usual);
  answer(response, 200, "everything is fine");
}

void fail(const Request& /*request*/, Response& /*response*/) {
  throw std::runtime_error{"the store is closed"};
}

void create_user(Users& users, const Request& request, Response& response) {
  constexpr std::size_t longest_name = 100;
  const std::string name = request.get_param_value("name");
  if (name.empty() || name.size() > longest_name) {
    return answer(response, 400, "give a name of 1 to 100 bytes: name=...");
  }
  switch (users.create(name)) {
    case Users::Creation::done:
      return answer(response, 201, "welcome");
    case Users::Creation::exists_already:
      return answer(response, 409, "there is a user of this name");
    case Users::Creation::is_full:
      return answer(response, 503, "there are too many users");
  }
}

void log_in(Users& users, const Request& request, Response& response) {
  const Users::Login login = users.login(request.get_param_value("user"));
  if (!login.session.empty()) {
    response.set_header("Set-Cookie", "session=" + login.session + "; HttpOnly; SameSite=Strict");
    return answer(response, 200, "welcome back");
  }
  switch (login.refusal) {
    case Users::Refusal::no_such_user:
      return answer(response, 403, "there is no such user: user=...");
    case Users::Refusal::is_full:
      return answer(response, 503, "too many users are here");
  }
}

void log_out(Users& users, const Request& request, Response& response) {
  const bool was_there = users.logout(session_of(request));
  response.set_header("Set-Cookie", "session=; Max-Age=0");
  answer(response, 200, was_there ? "goodbye" : "you were not here");
}

}  // namespace

void add_routes(statwire::InstrumentedServer<>& server, Users& users) {
  server.Get("/desktop", &show_desktop);
  server.Get("/orders/(\\d+)", &show_order);
  server.Get("/report", &show_report);
  server.Get("/broken", &fail);
  server.Post("/users", [&users](const Request& request, Response& response) {
    create_user(users, request, response);
  });
  server.Post("/login",
              [&users](const Request& request, Response& response) { log_in(users, request, response); });
  server.Post("/logout",
              [&users](const Request& request, Response& response) { log_out(users, request, response); });
  server.set_exception_handler([](const Request&, Response& response, std::exception_ptr) {
    answer(response, 500, "something went wrong here");  // what it was is no business of the client
  });
}

}  // namespace web_app
