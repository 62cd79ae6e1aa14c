#include "mesos_collector/redis_url.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <statwire/protocol/endpoint.hpp>
#include <system_error>

namespace mesos_collector {
namespace {

/// What stands behind a `%` as one byte; none: these are not two hexadecimal digits.
std::optional<char> escaped_byte(std::string_view digits) {
  constexpr std::size_t size = 2;
  constexpr int hexadecimal = 16;
  unsigned char byte = 0;
  const char* const begin = digits.data();
  const char* const end = begin + digits.size();
  const auto [stop, ec] = std::from_chars(begin, end, byte, hexadecimal);
  if (digits.size() != size || ec != std::errc{} || stop != end) return std::nullopt;
  return static_cast<char>(byte);
}

/// Reads a URL from left to right, and stops at the first thing that is wrong.
class Parser {
 public:
  Parser(std::string_view text, std::string& error) : text_{text}, error_{error} {}

  /// Whether it is one; then url() is it.
  bool parse() {
    constexpr std::string_view scheme = "redis://";
    if (!text_.starts_with(scheme)) return fail(0, "redis://");
    at_ = scheme.size();
    const std::size_t host_end = std::min(text_.find_first_of("/?#", at_), text_.size());
    const std::size_t credentials_end = text_.substr(0, host_end).rfind('@');
    if (credentials_end != std::string_view::npos && !read_credentials(credentials_end)) return false;
    return read_host_and_port(host_end) && read_database(host_end);
  }

  const RedisUrl& url() const { return url_; }

 private:
  bool fail(std::size_t offset, std::string_view expected) {
    error_ = "at byte " + std::to_string(offset) + ": expected " + std::string{expected} +
             "; a whole one is redis://user:password@host:port/database, of which only the host is needed";
    return false;
  }

  bool read_credentials(std::size_t end) {
    const std::size_t colon = text_.substr(0, end).find(':', at_);
    if (colon == std::string_view::npos) return fail(end, "':' and a password before the '@'");
    if (colon + 1 == end) return fail(end, "a password behind the ':'");
    if (!unescape(at_, colon, url_.user) || !unescape(colon + 1, end, url_.password)) return false;
    at_ = end + 1;
    return true;
  }

  bool unescape(std::size_t begin, std::size_t end, std::string& value) {
    for (std::size_t i = begin; i < end; ++i) {
      if (text_[i] != '%') {
        value += text_[i];
        continue;
      }
      const std::optional<char> byte =
          escaped_byte(text_.substr(i + 1, std::min<std::size_t>(2, end - i - 1)));
      if (!byte) return fail(i, "'%' and two hexadecimal digits, such as %25 for '%'");
      value += *byte;
      i += 2;
    }
    return true;
  }

  bool read_host_and_port(std::size_t end) {
    statwire::protocol::EndpointParser parser{text_.substr(0, end)};
    const std::optional<statwire::Endpoint> endpoint = parser.parse_tcp(at_, url_.port);
    if (!endpoint) return fail(parser.error().offset, parser.error().expected);
    url_.host = endpoint->host;
    url_.port = endpoint->port;
    return true;
  }

  bool read_database(std::size_t begin) {
    const std::string_view rest = text_.substr(begin);
    if (rest.empty() || rest == "/") return true;
    const char* const end = rest.data() + rest.size();
    const auto [stop, ec] = std::from_chars(rest.data() + 1, end, url_.database);
    if (rest[0] == '/' && ec == std::errc{} && stop == end && url_.database >= 0) return true;
    return fail(begin, "'/' and the number of a database, or the end");
  }

  std::string_view text_;
  std::string& error_;
  std::size_t at_ = 0;
  RedisUrl url_;
};

}  // namespace

std::optional<RedisUrl> parse_redis_url(std::string_view text, std::string& error) {
  Parser parser{text, error};
  if (!parser.parse()) return std::nullopt;
  return parser.url();
}

std::string to_string(const RedisUrl& url) {
  const bool is_v6 = url.host.find(':') != std::string::npos;
  return "redis://" + (is_v6 ? '[' + url.host + ']' : url.host) + ':' + std::to_string(url.port) + '/' +
         std::to_string(url.database);
}

}  // namespace mesos_collector
