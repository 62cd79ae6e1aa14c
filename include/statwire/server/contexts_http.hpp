#pragma once

// The HTTP of the contexts server, from the bytes of one request to the bytes of its answer. cpp-httplib
// reads the head and writes the answer, out of memory and into memory: of its own it would let a client send
// a line or a body without end, and hold a thread with every silence.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/detail/httplib.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/text.hpp"
#include "statwire/server/contexts_store.hpp"

namespace statwire::server::detail {

/// A whole answer of one line of text, for those who never get as far as cpp-httplib.
inline std::string plain_answer(std::string_view status, std::string line) {
  line += '\n';
  return "HTTP/1.1 " + std::string{status} +
         "\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(line.size()) + "\r\n\r\n" + line;
}

/// How long a request is, as its head says.
struct RequestFrame {
  std::size_t head_bytes = 0;
  std::size_t body_bytes = 0;
  bool awaits_continue = false;  ///< The client asks before it sends the body.
  std::string refusal{};         ///< The answer when the request cannot be read on.
};

/// Whether a line of a head is a field of this name, which is in lower case; `value` is what it says.
inline bool is_field(std::string_view line, std::string_view name, std::string_view& value) {
  if (line.size() <= name.size() || line[name.size()] != ':') return false;
  if (!std::equal(name.begin(), name.end(), line.begin(),
                  [](char lower, char written) { return protocol::to_lower(written) == lower; })) {
    return false;
  }
  value = protocol::trim(line.substr(name.size() + 1));
  return true;
}

/// Reads a whole head, the empty line included. Bodies without a length are refused (RFC 9112, section 6.3
/// allows that): nobody needs them for one document, and their end is hard to find.
inline RequestFrame read_frame(std::string_view head, std::size_t max_body_bytes) {
  RequestFrame frame{.head_bytes = head.size()};
  std::optional<std::string_view> length;
  std::string_view value;
  for (std::string_view rest = head; !rest.empty();) {
    const std::string_view line = protocol::take_until(rest, '\n');
    if (is_field(line, "transfer-encoding", value)) {
      frame.refusal = plain_answer("411 Length Required", "the body has no Content-Length");
      return frame;
    }
    if (is_field(line, "expect", value)) frame.awaits_continue = true;
    // cpp-httplib reads it with std::regex, whose recursion a long one could drive through the stack.
    constexpr std::size_t max_range_bytes = 100;
    if (is_field(line, "range", value) && value.size() > max_range_bytes) {
      frame.refusal = plain_answer("416 Range Not Satisfiable",
                                   "the Range is longer than " + std::to_string(max_range_bytes) + " bytes");
      return frame;
    }
    if (!is_field(line, "content-length", value)) continue;
    if (length && *length != value) value = "twice";
    length = value;
  }
  if (!length) return frame;
  const bool is_number =
      !length->empty() && length->find_first_not_of("0123456789") == std::string_view::npos;
  const std::optional<std::int64_t> bytes = is_number ? protocol::parse_integer(*length) : std::nullopt;
  if (!is_number) {
    frame.refusal = plain_answer("400 Bad Request", "the Content-Length is no number");
  } else if (!bytes || static_cast<std::uint64_t>(*bytes) > max_body_bytes) {
    frame.refusal = plain_answer("413 Payload Too Large",
                                 "the body is longer than " + std::to_string(max_body_bytes) + " bytes");
  } else {
    frame.body_bytes = static_cast<std::size_t>(*bytes);
  }
  return frame;
}

/// A head to read and an answer to write, both in memory. Newer versions of cpp-httplib ask for more than
/// older ones, so nothing here says that it overrides.
// NOLINTBEGIN(modernize-use-override)
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view head) : head_{head} {}

  bool is_readable() const { return !head_.empty(); }
  bool wait_readable() const { return true; }
  bool is_writable() const { return true; }
  bool wait_writable() const { return true; }

  ssize_t read(char* bytes, std::size_t size) {
    const std::size_t count = head_.copy(bytes, size);
    head_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, std::size_t size) {
    answer_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int& port) const { port = 0; }
  void get_local_ip_and_port(std::string&, int& port) const { port = 0; }
  socket_t socket() const { return 0; }
  std::time_t duration() const { return 0; }

  std::string& answer() { return answer_; }

 private:
  std::string_view head_;
  std::string answer_;
};
// NOLINTEND(modernize-use-override)

/// Answers requests out of a store. Exceptions: std::bad_alloc.
class ContextsHttp : private httplib::Server {
 public:
  explicit ContextsHttp(ContextsStore& store) : store_{store} {
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      route(request, response);
      return HandlerResponse::Handled;
    });
    // cpp-httplib would tell the client what was thrown.
    set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
          say(response, 500, "the server could not answer");
        });
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) say(response, response.status, "the request is no HTTP/1.1");
    });
  }

  /// The whole answer to one request, after which the connection ends.
  std::string answer(std::string_view head, std::string_view body) {
    body_ = body;
    MemoryStream stream{head};
    bool is_closed = false;
    const std::function<void(httplib::Request&)> tidy = [](httplib::Request& request) {
      request.ranges.clear();                    // many of them would multiply the answer
      request.headers.erase("Accept-Encoding");  // compression would hold up other clients
      request.headers.erase("Expect");           // the body is there already
    };
    // Newer versions take the addresses of both ends, too.
    const auto process = [&](auto& self) {
      if constexpr (requires { self.process_request(stream, true, is_closed, tidy); }) {
        self.process_request(stream, true, is_closed, tidy);
      } else {
        self.process_request(stream, std::string{}, 0, std::string{}, 0, true, is_closed, tidy);
      }
    };
    process(*this);
    body_ = {};
    return std::move(stream.answer());
  }

 private:
  static void say(httplib::Response& response, int status, const std::string& line) {
    response.status = status;
    response.set_content(line + '\n', "text/plain");
  }

  void route(const httplib::Request& request, httplib::Response& response) {
    if (request.path == "/register") {
      if (request.method == "POST") return take(response);
      response.set_header("Allow", "POST");
      return say(response, 405, "/register takes POST alone");
    }
    if (request.path == "/contexts") {
      if (request.method == "GET" || request.method == "HEAD") {
        response.status = 200;
        return response.set_content(store_.json(), "application/json");
      }
      response.set_header("Allow", "GET, HEAD");
      return say(response, 405, "/contexts takes GET and HEAD alone");
    }
    say(response, 404, "there is nothing here; there are POST /register and GET /contexts");
  }

  void take(httplib::Response& response) {
    std::string why;
    switch (store_.put(body_, why)) {
      case Registration::is_taken:
        return say(response, 200, "ok");
      case Registration::is_malformed:
        return say(response, 400, why);
      case Registration::is_refused:
        return say(response, 507, why);
    }
  }

  ContextsStore& store_;
  std::string_view body_;  ///< Of the request that is being answered.
};

}  // namespace statwire::server::detail
