#include "http_fetch.hpp"

#include <algorithm>
#include <ctime>
#include <span>
#include <statwire/detail/httplib.hpp>
#include <statwire/error.hpp>
#include <statwire/http/answer_head.hpp>
#include <statwire/transport/tcp.hpp>
#include <string_view>
#include <system_error>

namespace example {
namespace {

using statwire::Deadline;
using statwire::detail::AnswerHead;
using statwire::detail::max_answer_head_bytes;
using Kind = HttpProblem::Kind;

/// The connection as cpp-httplib sees it. That library limits the time of each read, but not of an answer,
/// and takes lines of any length; here, one deadline is for all, a head is judged before the library gets
/// any of it, and bytes are counted. Newer versions ask for more than older ones, so nothing here says that
/// it overrides.
class LimitedStream final : public httplib::Stream {
 public:
  LimitedStream(statwire::TcpTransport& transport, Deadline deadline, std::size_t max_bytes)
      : transport_{transport}, deadline_{deadline}, max_bytes_{max_bytes} {}

  bool is_readable() const { return true; }
  bool wait_readable() const { return true; }
  bool is_writable() const { return true; }
  bool wait_writable() const { return true; }

  ssize_t read(char* bytes, std::size_t size) {
    if (head_ == AnswerHead::incomplete && !receive_head()) return -1;
    if (unread_.empty()) {
      received_.clear();
      if (!receive()) return is_over_ ? 0 : -1;
    }
    const std::size_t count = unread_.copy(bytes, size);
    unread_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* bytes, std::size_t size) {
    std::error_code ec;
    const std::size_t count = transport_.write_some({bytes, size}, deadline_, ec);
    return is_well(ec) ? static_cast<ssize_t>(count) : -1;
  }

  void get_remote_ip_and_port(std::string&, int& port) const { port = 0; }
  void get_local_ip_and_port(std::string&, int& port) const { port = 0; }
  socket_t socket() const { return 0; }
  std::time_t duration() const { return 0; }

  bool has_timed_out() const { return has_timed_out_; }
  bool is_too_long() const { return bytes_ > max_bytes_; }

 private:
  bool receive_head() {
    while (head_ == AnswerHead::incomplete) {
      if (!receive()) return false;
      head_ = statwire::detail::check_answer_head(received_);
    }
    return head_ == AnswerHead::complete;
  }

  /// Appends what comes next.
  bool receive() {
    const std::size_t before = received_.size();
    received_.resize(before + max_answer_head_bytes);
    std::error_code ec;
    const std::size_t count = transport_.read_some(std::span{received_}.subspan(before), deadline_, ec);
    received_.resize(before + count);
    bytes_ += count;
    unread_ = received_;
    return is_well(ec) && !is_too_long();
  }

  bool is_well(const std::error_code& ec) {
    is_over_ = ec == statwire::errc::end_of_stream;
    has_timed_out_ = ec == statwire::errc::timed_out;
    return !ec;
  }

  statwire::TcpTransport& transport_;
  const Deadline deadline_;
  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::string received_;
  std::string_view unread_;
  AnswerHead head_ = AnswerHead::incomplete;
  bool is_over_ = false;
  bool has_timed_out_ = false;
};

/// The part of cpp-httplib that writes a request and reads its answer, over a stream of ours.
class Exchange : private httplib::ClientImpl {
 public:
  explicit Exchange(const statwire::protocol::HttpUrl& url) : ClientImpl{url.host, url.port} {}

  bool run(httplib::Stream& stream, httplib::Request& request, httplib::Response& response) {
    httplib::Error ignored{};  // says no more than that it failed
    constexpr bool close_connection = true;
    return process_request(stream, request, response, close_connection, ignored);
  }
};

std::string milliseconds_text(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

/// Why there is no connection.
HttpProblem connect_problem(const std::error_code& ec, std::chrono::milliseconds limit) {
  if (ec == statwire::errc::timed_out) {
    return {Kind::connect_timeout, "no connection within " + milliseconds_text(limit)};
  }
  return {Kind::no_connection, "no connection: " + ec.message()};
}

/// What fetch() always said: cpp-httplib's names of such problems.
httplib::Error httplib_error(Kind kind) {
  if (kind == Kind::no_connection) return httplib::Error::Connection;
  if (kind == Kind::connect_timeout) return httplib::Error::ConnectionTimeout;
  return httplib::Error::Read;
}

}  // namespace

std::variant<HttpAnswer, HttpProblem> http_get(const statwire::protocol::HttpUrl& url,
                                               const HttpLimits& limits) {
  const Deadline deadline = statwire::deadline_after(limits.total);
  const std::chrono::milliseconds connect_limit = std::min(limits.connect, limits.total);
  statwire::TcpTransport transport{url.host, url.port};
  std::error_code ec;
  transport.connect(statwire::deadline_after(connect_limit), ec);
  if (ec) return connect_problem(ec, connect_limit);

  const std::size_t max_body_bytes = limits.max_mebibytes << 20;
  // The lengths of chunks come on top of the body.
  LimitedStream stream{transport, deadline, 2 * max_body_bytes + max_answer_head_bytes};
  HttpAnswer answer;
  httplib::Request request;
  request.method = "GET";
  request.path = url.target;
  request.content_receiver = [&](const char* bytes, std::size_t count, auto, auto) {
    answer.body.append(bytes, count);
    return answer.body.size() <= max_body_bytes;
  };
  httplib::Response response;
  if (!Exchange{url}.run(stream, request, response)) {
    if (answer.body.size() > max_body_bytes || stream.is_too_long()) {
      return HttpProblem{Kind::too_long,
                         "its answer is longer than " + std::to_string(limits.max_mebibytes) + " MiB"};
    }
    if (stream.has_timed_out()) {
      return HttpProblem{Kind::timeout, "no whole answer within " + milliseconds_text(limits.total)};
    }
    return HttpProblem{Kind::no_answer, "its answer is no HTTP/1, or ends too early"};
  }
  answer.status = response.status;
  answer.content_type = response.get_header_value("Content-Type");
  answer.location = response.get_header_value("Location");
  return answer;
}

std::optional<std::string> fetch(const statwire::protocol::HttpUrl& url, std::chrono::milliseconds timeout,
                                 std::size_t max_mebibytes, std::string& error) {
  auto result = http_get(url, {.connect = timeout, .total = timeout, .max_mebibytes = max_mebibytes});
  if (const auto* problem = std::get_if<HttpProblem>(&result)) {
    error = problem->kind == Kind::too_long
                ? problem->message
                : "no answer (" + httplib::to_string(httplib_error(problem->kind)) + ")";
    return std::nullopt;
  }
  HttpAnswer& answer = std::get<HttpAnswer>(result);
  constexpr int ok = 200;
  if (answer.status != ok) {
    error = "it answered with the HTTP status " + std::to_string(answer.status);
    return std::nullopt;
  }
  return std::move(answer.body);
}

}  // namespace example
