#pragma once

// A server of cpp-httplib whose routes are measured, every one, under the pattern that it is registered with.
// Comes with the target statwire::http.
//
//   statwire::InstrumentedServer server{requests};      // instead of httplib::Server server;
//   server.Get("/orders/:id", handler);
//   statwire::register_contexts(settings, server.controllers());

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "statwire/detail/httplib.hpp"
#include "statwire/requests.hpp"

namespace statwire {

/// A `Server`, httplib::Server or httplib::SSLServer, that measures each request that a route matches; one
/// that none matches, and files of mount points, are not measured. An answer of 500 or above, and an
/// exception, is an error (RequestOptions::count_errors). Routes that are added through a reference to
/// `Server` are not seen.
///
/// Threads: as `Server`: routes are added before it listens.
template <class Server = httplib::Server>
class InstrumentedServer : public Server {
 public:
  /// `args` are those of `Server`.
  template <class... Args>
  requires std::is_constructible_v<Server, Args...>
  explicit InstrumentedServer(RequestMetrics requests, Args&&... args)
      : Server(std::forward<Args>(args)...), requests_{std::move(requests)} {}

  /// Adds a route, as the functions of `Server` do, for handlers of either kind (Post, Put, Patch, Delete:
  /// also with a ContentReader).
  template <class Handler>
  InstrumentedServer& Get(const std::string& pattern, Handler handler) {
    Server::Get(pattern, measured(pattern, std::move(handler)));
    return *this;
  }
  template <class Handler>
  InstrumentedServer& Post(const std::string& pattern, Handler handler) {
    Server::Post(pattern, measured(pattern, std::move(handler)));
    return *this;
  }
  template <class Handler>
  InstrumentedServer& Put(const std::string& pattern, Handler handler) {
    Server::Put(pattern, measured(pattern, std::move(handler)));
    return *this;
  }
  template <class Handler>
  InstrumentedServer& Patch(const std::string& pattern, Handler handler) {
    Server::Patch(pattern, measured(pattern, std::move(handler)));
    return *this;
  }
  template <class Handler>
  InstrumentedServer& Delete(const std::string& pattern, Handler handler) {
    Server::Delete(pattern, measured(pattern, std::move(handler)));
    return *this;
  }
  template <class Handler>
  InstrumentedServer& Options(const std::string& pattern, Handler handler) {
    Server::Options(pattern, measured(pattern, std::move(handler)));
    return *this;
  }

  /// The patterns of all routes so far, each once: what register_contexts tells of.
  const std::vector<std::string>& controllers() const noexcept { return controllers_; }

 private:
  template <class Handler>
  static constexpr bool reads_content =
      std::is_invocable_v<Handler&, const httplib::Request&, httplib::Response&,
                          const httplib::ContentReader&>;

  /// The handler as the type that `Server` takes, so that the kinds do not get confused.
  template <class Handler>
  auto measured(const std::string& pattern, Handler handler) {
    if (std::find(controllers_.begin(), controllers_.end(), pattern) == controllers_.end()) {
      controllers_.push_back(pattern);
    }
    auto call = [controller = requests_.controller(pattern), handler = std::move(handler)](
                    const httplib::Request& request, httplib::Response& response,
                    const auto&... reader) mutable {
      controller.measure({request.path, request.method}, [&](auto& scope) {
        std::invoke(handler, request, response, reader...);
        constexpr int first_server_error = 500;
        if (response.status >= first_server_error) scope.fail();
      });
    };
    if constexpr (reads_content<Handler>) {
      return typename Server::HandlerWithContentReader{std::move(call)};
    } else {
      return typename Server::Handler{std::move(call)};
    }
  }

  RequestMetrics requests_;
  std::vector<std::string> controllers_;
};

InstrumentedServer(RequestMetrics)->InstrumentedServer<>;

}  // namespace statwire
