#pragma once

// The errors of the library: the codes it adds to the system's own, and the exception that carries either.
// Every call to a server or of a server that can fail comes twice: one overload sets a std::error_code, the
// other throws ClientError with the same code. Codes of the system (refused, unreachable, ...) pass through
// unchanged. Emission of metrics never fails this way: what cannot be sent is counted (DeliveryStats).

#include <string>
#include <system_error>
#include <type_traits>

namespace statwire {

/// What the library itself can find wrong. A value, once given out, is never used for anything else.
enum class errc {
  invalid_key = 1,         ///< A key is empty, too long, or holds white space or a control character.
  invalid_value = 2,       ///< A value to put is NaN or infinite; nothing was sent.
  command_refused = 3,     ///< The server answered `error`; the connection stays in use.
  unexpected_status = 4,   ///< The first line of a reply is neither `ok` nor `error`.
  unexpected_data = 5,     ///< The reply to a put holds rows, or bytes follow the end of a reply.
  wrong_column_count = 6,  ///< A row of a reply has not exactly three columns.
  invalid_number = 7,      ///< The value of a row is not a number.
  invalid_timestamp = 8,   ///< The timestamp of a row is not an integer of 64 bits.
  end_of_stream = 9,       ///< The peer closed the connection before the reply was complete.
  timed_out = 10,          ///< The deadline passed; equals std::errc::timed_out.
  not_connected = 11,      ///< An earlier error closed the connection; equals std::errc::not_connected.
  invalid_option = 12,     ///< An option has a value outside its range; equals std::errc::invalid_argument.
  reply_too_long = 13,     ///< A line of a reply is longer than the client's limit.
  reply_too_large = 14,    ///< A reply has more bytes or rows than the client's limits.
  queue_full = 15,         ///< Requests that wait fill the memory a client allows them; nothing was sent.
  too_many_connections = 16,  ///< The server takes no more connections for now, and has closed this one.
  connect_failed = 17,        ///< No connection came about; of an HTTP client, which does not say why.
  no_http_reply = 18,   ///< The connection ended, or what came is no HTTP, before there was a whole reply.
  missing_prefix = 19,  ///< There is no prefix, which says who registers; nothing was sent.
  invalid_page = 20,    ///< A page for Prometheus does not follow its format.
  invalid_family = 21,  ///< A family for Prometheus holds what the format of the page forbids.
};

namespace detail {

class ErrorCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "statwire"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::invalid_key:
        return "the key is empty, longer than 8192 bytes, or holds white space or a control character";
      case errc::invalid_value:
        return "the value is not a finite number";
      case errc::command_refused:
        return "the server refused the command";
      case errc::unexpected_status:
        return "the status of the reply is neither ok nor error";
      case errc::unexpected_data:
        return "the reply holds data where none is expected";
      case errc::wrong_column_count:
        return "a row of the reply has not three columns (key, value, timestamp)";
      case errc::invalid_number:
        return "the value in a row of the reply is not a number";
      case errc::invalid_timestamp:
        return "the timestamp in a row of the reply is not an integer";
      case errc::end_of_stream:
        return "the server closed the connection before the reply was complete";
      case errc::timed_out:
        return "the deadline passed";
      case errc::not_connected:
        return "the connection was closed after an earlier error";
      case errc::invalid_option:
        return "an option is out of range (an empty host, port 0, a duration that is not above 0, ...)";
      case errc::reply_too_long:
        return "a line of the reply is too long";
      case errc::reply_too_large:
        return "the reply has more bytes or rows than the limits of the client allow";
      case errc::queue_full:
        return "the requests that are not answered yet fill the memory that the client allows them";
      case errc::too_many_connections:
        return "the server takes no more connections for now";
      case errc::connect_failed:
        return "no connection to the server came about";
      case errc::no_http_reply:
        return "the server closed the connection without a whole HTTP reply";
      case errc::missing_prefix:
        return "the prefix that says who registers is empty (METRICS_PREFIX)";
      case errc::invalid_page:
        return "the page does not follow the format of Prometheus";
      case errc::invalid_family:
        return "a family of metrics holds what the format of Prometheus forbids";
    }
    return "unknown error " + std::to_string(value);
  }

  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<errc>(value)) {
      case errc::timed_out:
        return std::errc::timed_out;
      case errc::not_connected:
        return std::errc::not_connected;
      case errc::invalid_option:
        return std::errc::invalid_argument;
      default:
        return {value, *this};
    }
  }
};

}  // namespace detail

/// The category of errc; its name is "statwire".
inline const std::error_category& error_category() noexcept {
  static const detail::ErrorCategory category;
  return category;
}

inline std::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

/// Thrown by every call that has no error_code parameter. `code()` says which error, `what()` also at which
/// value.
class ClientError : public std::system_error {
 public:
  using std::system_error::system_error;
};

}  // namespace statwire

template <>
struct std::is_error_code_enum<statwire::errc> : std::true_type {};
