#pragma once

// The HttpPost over cpp-httplib. That library knows time limits of a connect, of a read and of a write, but
// none of a request, so the request runs on a thread of its own while the caller keeps the time, and ends it
// by shutting its socket down. Names are resolved here, because the library would wait for the resolver as
// long as that likes. No TLS, no redirects, no keep-alive, no decompression.

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <regex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include "statwire/detail/asio.hpp"
#include "statwire/detail/error_of.hpp"
#include "statwire/detail/httplib.hpp"
#include "statwire/detail/resolve.hpp"
#include "statwire/error.hpp"
#include "statwire/http/answer_head.hpp"
#include "statwire/http/http_post.hpp"
#include "statwire/transport/concepts.hpp"

namespace statwire {

namespace detail {

/// One request to one address. run() is called on a thread of its own, interrupt() by another meanwhile.
class HttplibAttempt {
 public:
  HttplibAttempt(const HttpRequest& request, const asio::ip::tcp::endpoint& endpoint, Deadline connect_by)
      : request_{request}, client_{request.url.host, request.url.port} {
    const auto now = std::chrono::steady_clock::now();
    client_.set_hostname_addr_map({{request.url.host, endpoint.address().to_string()}});
    client_.set_connection_timeout(limit(connect_by - now));
    // Reads and writes may take all that is left; whoever interrupts comes first.
    client_.set_read_timeout(limit(request.deadline - now) + slack);
    client_.set_write_timeout(limit(request.deadline - now) + slack);
    client_.set_tcp_nodelay(true);  // header and body are written one after the other
    client_.set_follow_location(false);
    client_.set_decompress(false);
    client_.set_socket_options([this](socket_t socket) { keep(socket); });
    send_target_as_it_is(client_);
  }
  HttplibAttempt(const HttplibAttempt&) = delete;
  HttplibAttempt& operator=(const HttplibAttempt&) = delete;
  ~HttplibAttempt() {
#if !defined(_WIN32)
    if (duplicate_ >= 0) ::close(duplicate_);
#endif
  }

  void run() noexcept {
    block_sigpipe();
    const std::error_code thrown = error_of([&] {
      try {
        send();
      } catch (const std::regex_error&) {  // the library reads the status line with one
        trouble_ = errc::no_http_reply;
      }
    });
    if (thrown) trouble_ = thrown;
  }

  /// Ends the request, if it has a socket yet. Client::stop() would wait for a connect to end.
  void interrupt() {
#if defined(_WIN32)
    client_.stop();
#else
    if (const int duplicate = duplicate_; duplicate >= 0) ::shutdown(duplicate, SHUT_RDWR);
#endif
  }

  /// After run(): the status of the answer, or an error.
  int status(std::error_code& ec) const {
    ec = trouble_;
    if (ec || is_whole_) return status_;
    const bool is_connected =
        error_ != httplib::Error::Connection && error_ != httplib::Error::ConnectionTimeout;
    ec = is_connected ? errc::no_http_reply : errc::connect_failed;
    return 0;
  }

  /// Beyond these many bytes of its body, an answer counts as whole.
  static constexpr std::size_t max_body_bytes = std::size_t{64} * 1024;

  /// How much later than at the deadline the library's own limits are.
  static constexpr std::chrono::seconds slack{1};

 private:
  /// The library counts milliseconds in an int.
  static std::chrono::microseconds limit(Deadline::duration duration) {
    constexpr std::chrono::microseconds longest = std::chrono::hours{24 * 20};
    const auto rounded = std::chrono::duration_cast<std::chrono::microseconds>(duration);
    return std::clamp(rounded, std::chrono::microseconds{1000}, longest);
  }

  /// The target is in the form of a request line already; newer versions have another name for this.
  template <class Client>
  static void send_target_as_it_is(Client& client) {
    if constexpr (requires { client.set_path_encode(false); }) {
      client.set_path_encode(false);
    } else {
      client.set_url_encode(false);
    }
  }

  /// The library looks whether the peer is there, and then writes without a word against the signal: seldom,
  /// the peer goes in between. Blocked on this thread alone, it stays pending there and ends with it.
  static void block_sigpipe() noexcept {
#if defined(SIGPIPE)
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
#endif
  }

  /// Remembers the socket by a descriptor of ours: the library closes its own at any moment, and the number
  /// may belong to another file then. There is one socket, as there is one address.
  void keep([[maybe_unused]] socket_t socket) noexcept {
#if !defined(_WIN32)
    if (duplicate_ >= 0) return;
    duplicate_ = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (duplicate_ < 0) trouble_ = {errno, std::system_category()};
#endif
  }

  std::string host_header() const {
    const auto& [host, port, target] = request_.url;
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == protocol::HttpUrl{}.port ? name : name + ":" + std::to_string(port);
  }

  void send() {
    httplib::Request request;
    request.method = "POST";
    request.path = request_.url.target;
    request.headers.emplace("Host", host_header());
    for (const auto& [name, value] : request_.headers) request.headers.emplace(name, value);
    request.content_length_ = request_.body.size();
    request.content_provider_ = [this](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
      return sink.write(request_.body.data() + offset, length) && is_answer_sound();
    };
    request.response_handler = [this](const httplib::Response& response) {
      status_ = response.status;
      is_whole_ = response.has_header("Transfer-Encoding");
      return !is_whole_;
    };
    std::size_t body_bytes = 0;
    request.content_receiver = [this, &body_bytes](const char*, std::size_t bytes, auto, auto) {
      body_bytes += bytes;
      is_whole_ = body_bytes > max_body_bytes;
      return !is_whole_;
    };
    const httplib::Result result = client_.send(request);
    error_ = result.error();
    if (!result) return;
    status_ = result->status;
    is_whole_ = true;
  }

  /// Called when the request is written: waits for the head of the answer, without taking it off the socket,
  /// and looks whether it is fit for the library.
  bool is_answer_sound() {
#if !defined(_WIN32)
    if (trouble_) return false;
    std::array<char, max_answer_head_bytes> head;
    ssize_t size = 0;
    for (AnswerHead verdict = AnswerHead::incomplete; verdict == AnswerHead::incomplete;) {
      if (!wait_for_bytes(static_cast<int>(size) + 1)) continue;
      const ssize_t before = size;
      size = ::recv(duplicate_, head.data(), head.size(), MSG_PEEK | MSG_DONTWAIT);
      if (size <= before) return false;  // nothing more will come
      verdict = check_answer_head({head.data(), static_cast<std::size_t>(size)});
      if (verdict == AnswerHead::bad) return false;
    }
    wait_for_bytes(1);
#endif
    return true;
  }

#if !defined(_WIN32)
  /// Waits until there is so much to read, or there will not be; a signal may end it earlier.
  bool wait_for_bytes(int count) noexcept {
    ::setsockopt(duplicate_, SOL_SOCKET, SO_RCVLOWAT, &count, sizeof count);
    pollfd readable{duplicate_, POLLIN, 0};
    return ::poll(&readable, 1, -1) == 1;
  }
#endif

  const HttpRequest& request_;
  httplib::Client client_;
  std::atomic<int> duplicate_{-1};
  int status_ = 0;
  bool is_whole_ = false;
  httplib::Error error_ = httplib::Error::Unknown;
  std::error_code trouble_;
};

}  // namespace detail

/// Posts over a connection of its own each time.
///
/// Errors: errc::timed_out at the deadline, in whatever step; what the resolver says; errc::connect_failed
/// when none of the addresses takes the connection; errc::no_http_reply when the connection ends before the
/// answer is whole, or what comes is no HTTP, or has more than 16 KiB of header;
/// std::errc::operation_canceled after cancel(); errc::invalid_option for an empty body, an empty host or
/// port 0; what the system says when there is no thread left. Of an answer's body, 64 KiB are
/// read at most, and nothing when it comes in chunks, whose lengths the library reads without a limit.
///
/// Adds Host, Content-Length and, as cpp-httplib does, `Accept: */*`. Raises no SIGPIPE. Threads: one at a
/// time; cancel() from any. Cost: a thread for the request, another while a name is resolved.
class HttplibPost {
 public:
  HttplibPost() = default;
  HttplibPost(const HttplibPost&) = delete;
  HttplibPost& operator=(const HttplibPost&) = delete;

  /// Returns the status of the answer, or sets `ec`. An address that does not answer may take its share of
  /// the time that is left, not all of it.
  int post(const HttpRequest& request, std::error_code& ec) {
    if (request.body.empty() || request.url.host.empty() || request.url.port == 0) {
      ec = errc::invalid_option;
      return 0;
    }
    const auto endpoints = resolve(request, ec);
    auto left = static_cast<Deadline::rep>(endpoints.size());
    for (const auto& endpoint : endpoints) {
      const Deadline now = std::chrono::steady_clock::now();
      const Deadline connect_by = left == 1 ? request.deadline : now + (request.deadline - now) / left;
      const int status = attempt(request, endpoint, connect_by, ec);
      if (ec != errc::connect_failed) return status;
      --left;
    }
    return 0;
  }

  /// Ends the post that is under way, and every later one, with std::errc::operation_canceled. Returns at
  /// once; that post does within some hundredths of a second.
  void cancel() noexcept {
    const std::lock_guard lock{mutex_};
    is_cancelled_ = true;
    changed_.notify_all();
  }

 private:
  using Tcp = asio::ip::tcp;

  detail::Endpoints<Tcp> resolve(const HttpRequest& request, std::error_code& ec) {
    constexpr std::chrono::milliseconds slice{20};  // a lookup knows nothing of cancel()
    const auto& [host, port, target] = request.url;
    ec.clear();
    if (const auto endpoint = detail::literal_endpoint<Tcp>(host, port)) return {*endpoint};
    detail::BackgroundLookup<Tcp> lookup;
    lookup.start(&detail::system_lookup<Tcp>, host, port);
    for (;;) {
      lookup.wait(std::min(request.deadline, deadline_after(slice)));
      if (auto result = lookup.poll()) {
        ec = result->ec;
        return std::move(result->endpoints);
      }
      if (is_cancelled()) {
        ec = std::make_error_code(std::errc::operation_canceled);
      } else if (std::chrono::steady_clock::now() >= request.deadline) {
        ec = errc::timed_out;
      }
      if (ec) return {};
    }
  }

  int attempt(const HttpRequest& request, const Tcp::endpoint& endpoint, Deadline connect_by,
              std::error_code& ec) {
    if (is_cancelled()) {
      ec = std::make_error_code(std::errc::operation_canceled);
      return 0;
    }
    // The library's own limit comes first only where another address is to be tried.
    if (connect_by == request.deadline)
      connect_by += std::min<Deadline::duration>(detail::HttplibAttempt::slack, Deadline::max() - connect_by);
    detail::HttplibAttempt attempt{request, endpoint, connect_by};
    bool is_done = false;
    std::thread thread;
    ec = detail::error_of([&] {
      thread = std::thread{[&] {
        attempt.run();
        const std::lock_guard lock{mutex_};
        is_done = true;
        changed_.notify_all();
      }};
    });
    if (ec) return 0;
    const std::error_code early = watch(attempt, is_done, request.deadline);
    thread.join();
    if (early) {
      ec = early;
      return 0;
    }
    return attempt.status(ec);
  }

  /// Waits until the attempt is done. When the deadline or cancel() comes first, says so and interrupts it:
  /// again and again, because a socket that does not connect yet takes no notice.
  std::error_code watch(detail::HttplibAttempt& attempt, const bool& is_done, Deadline deadline) {
    constexpr std::chrono::milliseconds pause{5};
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, deadline, [&] { return is_done || is_cancelled_; });
    if (is_done) return {};
    const std::error_code early =
        is_cancelled_ ? std::make_error_code(std::errc::operation_canceled) : errc::timed_out;
    while (!is_done) {
      lock.unlock();
      attempt.interrupt();
      lock.lock();
      changed_.wait_for(lock, pause, [&] { return is_done; });
    }
    return early;
  }

  bool is_cancelled() {
    const std::lock_guard lock{mutex_};
    return is_cancelled_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_cancelled_ = false;
};

static_assert(HttpPost<HttplibPost>);

}  // namespace statwire
