#pragma once

// Registers a service's contexts: one HTTP POST at start-up that tells who the service is and which URLs it
// has, so that whoever reads the metrics of its requests knows what the MD5 in their names stands for. Needs
// the target statwire::http.
//
//   auto settings = statwire::Settings::from_env();
//   statwire::register_contexts(settings, {"/desktop", "/orders"});
//
// Blocks until it is done; register_contexts_async() does not.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "statwire/client/point.hpp"
#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/fail.hpp"
#include "statwire/error.hpp"
#include "statwire/http/contexts_document.hpp"
#include "statwire/http/http_post.hpp"
#include "statwire/http/httplib_post.hpp"
#include "statwire/protocol/http_url.hpp"
#include "statwire/protocol/text.hpp"
#include "statwire/settings.hpp"
#include "statwire/transport/concepts.hpp"
#include "statwire/version.hpp"

namespace statwire {

/// How contexts are registered.
struct ContextsOptions {
  /// The full URLs of all actions, whose MD5 is in the names of request metrics in the longer form. The
  /// document has them under `url`, when there are any.
  std::vector<std::string> urls{};
  /// Of everything together: looking the host up, connecting, sending, the answer; above 0.
  std::chrono::milliseconds timeout{5000};
  /// Unix seconds, for the document; tests give their own.
  std::int64_t (*now)() = &client::unix_seconds<std::chrono::system_clock>;
};

namespace detail {

/// What is wrong before anything is sent, with its value; nothing when all is well.
struct ContextsMistake {
  std::error_code ec{};
  std::string text{};
};

inline std::optional<ContextsMistake> find_contexts_mistake(const Settings& settings,
                                                            const ContextsOptions& options) {
  if (settings.prefix.empty()) return ContextsMistake{.ec = errc::missing_prefix};
  if (!protocol::parse_http_url(settings.contexts_url)) {
    return ContextsMistake{errc::invalid_option, "contexts_url is '" +
                                                     protocol::one_line(settings.contexts_url) +
                                                     "', expected " + std::string{protocol::http_url_form}};
  }
  if (options.timeout.count() <= 0) {
    return ContextsMistake{errc::invalid_option, "timeout is " + std::to_string(options.timeout.count()) +
                                                     " ms, expected more than 0"};
  }
  return std::nullopt;
}

/// The request. `settings` and `options` have no mistake.
inline HttpRequest contexts_request(const Settings& settings, const std::vector<std::string>& controllers,
                                    const ContextsOptions& options) {
  const Deadline deadline = deadline_after(options.timeout);
  return {.url = *protocol::parse_http_url(settings.contexts_url),
          .headers = {{"Accept-Encoding", "identity"},
                      {"Connection", "close"},
                      {"Content-Type", "application/json"},
                      {"User-Agent", "statwire/" STATWIRE_DETAIL_VERSION_TEXT}},
          .body = contexts_text(contexts_document(settings.prefix, controllers, options.urls, options.now())),
          .deadline = deadline};
}

[[noreturn]] inline void fail_contexts(const Settings& settings, const ContextsOptions& options,
                                       std::error_code ec) {
  std::string what = "statwire: cannot register contexts at " + protocol::one_line(settings.contexts_url);
  const std::optional<ContextsMistake> mistake = find_contexts_mistake(settings, options);
  if (mistake && !mistake->text.empty()) what += ": " + mistake->text;
  fail(ec, what);
}

}  // namespace detail

/// Registers over an HTTP client of one's own; see the overload below.
template <HttpPost Client>
void register_contexts(const Settings& settings, const std::vector<std::string>& controllers,
                       const ContextsOptions& options, Client& client, std::error_code& ec) {
  ec.clear();
  if (const auto mistake = detail::find_contexts_mistake(settings, options)) {
    ec = mistake->ec;
    return;
  }
  const int status = client.post(detail::contexts_request(settings, controllers, options), ec);
  if (!ec) ec = status == 0 ? make_error_code(errc::no_http_reply) : http_status_error(status);
}
template <HttpPost Client>
void register_contexts(const Settings& settings, const std::vector<std::string>& controllers,
                       const ContextsOptions& options, Client& client) {
  std::error_code ec;
  register_contexts(settings, controllers, options, client, ec);
  if (ec) detail::fail_contexts(settings, options, ec);
}

/// Posts the URLs of the controllers, as they are configured, to Settings::contexts_url, and waits for the
/// answer. Whether requests are measured (Settings::collect_requests) makes no difference.
///
/// Errors: errc::missing_prefix, and errc::invalid_option for a contexts_url that is none or a timeout that
/// is not above 0 (nothing was sent); what the resolver says; errc::connect_failed; errc::timed_out;
/// errc::no_http_reply for a connection that ends without a whole answer, or one that is no HTTP; and the
/// status of an answer that is not 2xx, as a code of http_status_category(). Redirects are such answers. It
/// is tried once. A service that can do without asks for the error_code and goes on.
///
/// Threads: any. Cost: two threads that end with the call, and the size of the document twice.
inline void register_contexts(const Settings& settings, const std::vector<std::string>& controllers,
                              const ContextsOptions& options, std::error_code& ec) {
  HttplibPost client;
  register_contexts(settings, controllers, options, client, ec);
}
inline void register_contexts(const Settings& settings, const std::vector<std::string>& controllers,
                              std::error_code& ec) {
  register_contexts(settings, controllers, {}, ec);
}
/// As above; throws ClientError, whose message has the URL and the reason.
inline void register_contexts(const Settings& settings, const std::vector<std::string>& controllers,
                              const ContextsOptions& options = {}) {
  HttplibPost client;
  register_contexts(settings, controllers, options, client);
}

/// A registration on a thread of its own. Threads: one at a time; is_done() from any while it is not moved.
/// Destroyed or assigned to before it is done, it is cancelled, and does not wait for the server.
class [[nodiscard]] ContextsRegistration {
 public:
  /// See register_contexts_async().
  ContextsRegistration(Settings settings, std::vector<std::string> controllers, ContextsOptions options)
      : state_{std::make_unique<State>()} {
    const std::error_code no_thread = detail::error_of([&] {
      state_->thread = std::thread{[state = state_.get(), settings = std::move(settings),
                                    controllers = std::move(controllers), options = std::move(options)] {
        std::error_code ec;
        const std::error_code trouble =
            detail::error_of([&] { register_contexts(settings, controllers, options, state->client, ec); });
        state->ec = trouble ? trouble : ec;
        state->is_done = true;
      }};
    });
    if (!no_thread) return;  // what is in the state is the thread's own now
    state_->ec = no_thread;
    state_->is_done = true;
  }
  ContextsRegistration(ContextsRegistration&&) noexcept = default;
  ContextsRegistration& operator=(ContextsRegistration&&) noexcept = default;
  ~ContextsRegistration() = default;

  /// Whether wait() would return at once.
  bool is_done() const noexcept { return state_ == nullptr || state_->is_done; }

  /// Waits until it is done; returns what register_contexts() would have set, or, when no thread could be
  /// started, what the system said. Nothing for one that was moved from.
  std::error_code wait() {
    if (state_ == nullptr) return {};
    if (state_->thread.joinable()) state_->thread.join();
    return state_->ec;
  }

 private:
  struct State {
    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
      if (!thread.joinable()) return;
      client.cancel();
      thread.join();
    }

    HttplibPost client;
    std::error_code ec;
    std::atomic<bool> is_done{false};
    std::thread thread;
  };

  std::unique_ptr<State> state_;
};

/// As register_contexts(), but returns at once. What it returns is kept as long as the registration may take;
/// ask it for the result, or drop it to give up.
[[nodiscard]] inline ContextsRegistration register_contexts_async(const Settings& settings,
                                                                  const std::vector<std::string>& controllers,
                                                                  const ContextsOptions& options = {}) {
  return {settings, controllers, options};
}

}  // namespace statwire
