#pragma once

// Reads the lines of a StatsD server as statsd/statsd does. Unlike protocol/statsd_parse.hpp, which reads
// what clients may send, this takes and refuses exactly what the reference daemon does, odd forms included:
// the type is judged with its blanks and used without them, `@0` makes a sum infinite, any unknown type is a
// counter. Where the reference daemon crashes (`@+1`, `@ 1`, `@Infinity`) the value is bad. Source:
// statsd/statsd stats.js, lib/helpers.js.

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

#include "statwire/protocol/number.hpp"
#include "statwire/protocol/statsd_parse.hpp"
#include "statwire/protocol/text.hpp"
#include "statwire/server/statsd_numbers.hpp"
#include "statwire/server/statsd_options.hpp"

namespace statwire::server {

/// One value of a line. The text points into the line.
struct LineValue {
  protocol::MetricType type = protocol::MetricType::counter;
  std::string_view text;  ///< As it came; of a set, the member.
  double value = 0;       ///< 0 for a set.
  double weight = 1;      ///< 1 / rate; infinite for `@0`.
  bool has_sign = false;  ///< The text begins with `+` or `-`: a gauge is changed, if it has a value.
};

/// A line that has the common form and nothing else: `name:value|c`, `g` or `ms`, `|@rate` or not.
struct PlainLine {
  std::string_view name;  ///< What stands before the first colon, not cleaned; may hold `|#`.
  LineValue value;
};

namespace detail {

/// Reads the common form of a number; null where it is another.
inline const char* read_plain_number(const char* begin, const char* end, double& value) noexcept {
  if (begin == end || !is_digit(*begin)) return nullptr;
  return protocol::read_float(begin, end, value);
}

/// Reads `@0.1`; nothing when it is bad. All of it has to be a number, but only its leading digits and dots
/// count: `@2e-1` is 2.
inline std::optional<double> weight_of_rate(std::string_view field) noexcept {
  if (field.size() < 2 || field[0] != '@') return std::nullopt;
  const std::string_view number = field.substr(1);
  if (number[0] == '-' || !read_script_number(number)) return std::nullopt;
  const std::optional<double> rate = read_decimal(number.substr(0, number.find_first_not_of("0123456789.")));
  if (!rate) return std::nullopt;
  return 1 / *rate;
}

inline protocol::MetricType type_of(std::string_view text, Senders senders) noexcept {
  if (text == "ms") return protocol::MetricType::timing;
  if (text == "g") return protocol::MetricType::gauge;
  if (text == "s") return protocol::MetricType::set;
  if (senders == Senders::dogstatsd && (text == "h" || text == "d")) return protocol::MetricType::timing;
  return protocol::MetricType::counter;
}

/// The fields of a value after the number: `|type[|@rate]`.
struct ValueFields {
  std::string_view type;  ///< With its blanks.
  double weight = 1;
};

/// Takes `|type[|@rate]` apart, what follows the number; nothing when it is bad.
inline std::optional<ValueFields> read_fields(std::string_view fields) noexcept {
  if (fields.data() == nullptr) return std::nullopt;
  ValueFields read;
  read.type = protocol::take_until(fields, '|');
  if (fields.data() != nullptr) {
    const std::optional<double> weight = weight_of_rate(protocol::take_until(fields, '|'));
    if (!weight) return std::nullopt;
    read.weight = *weight;
  }
  return read;
}

/// Judges a value by its type as it came, blanks included, as the reference daemon does; nothing when it is
/// bad.
inline std::optional<LineValue> read_value(std::string_view text, const ValueFields& fields,
                                           Senders senders) noexcept {
  LineValue read;
  read.text = text;
  read.weight = fields.weight;
  read.has_sign = text.starts_with('+') || text.starts_with('-');
  read.type = type_of(script_trim(fields.type), senders);
  if (fields.type == "s") return read;
  const std::optional<double> value = read_script_number(text);
  const bool is_timing = type_of(fields.type, senders) == protocol::MetricType::timing;
  if (!value || (is_timing && *value < 0)) return std::nullopt;
  read.value = *value;
  return read;
}

/// Reads `value|type:value|type`: each part is a value. Returns how many are bad.
template <class OnValue>
std::size_t read_values(std::string_view values, OnValue&& on_value) {
  std::size_t bad = 0;
  do {
    std::string_view fields = protocol::take_until(values, ':');
    const std::string_view text = protocol::take_until(fields, '|');
    const std::optional<ValueFields> read = read_fields(fields);
    const auto value = read ? read_value(text, *read, Senders::statsd) : std::nullopt;
    if (value) {
      on_value(*value);
    } else {
      ++bad;
    }
  } while (values.data() != nullptr);
  return bad;
}

/// Where the fields of a DogStatsD line end that a value of ours has: what follows (`|c:id`, `|T1700000000`,
/// `|e:data`, `|card:low`) says nothing to sum.
inline std::string_view without_extensions(std::string_view values) noexcept {
  const std::size_t type = values.find('|');
  if (type == std::string_view::npos) return values;
  for (std::size_t bar = values.find('|', type + 1); bar != std::string_view::npos;
       bar = values.find('|', bar + 1)) {
    const std::string_view field = values.substr(bar + 1);
    if (field.starts_with("c:") || field.starts_with("e:") || field.starts_with("card:") ||
        (field.starts_with('T') && field.size() > 1 && is_digit(field[1]))) {
      return values.substr(0, bar);
    }
  }
  return values;
}

/// Reads `1:2:3|ms`, where values without a type have the type of the next one that has: packed values of
/// DogStatsD, and those of read_values(). Empty ones are skipped, as its protocol says. Of a set, colons
/// belong to the member.
template <class OnValue>
std::size_t read_packed_values(std::string_view values, OnValue&& on_value) {
  values = without_extensions(values);
  std::size_t bad = 0;
  do {
    const std::size_t bar = values.find('|');
    std::string_view texts = values.substr(0, bar);
    values = bar == std::string_view::npos ? std::string_view{} : values.substr(bar + 1);
    const std::string_view rest = protocol::take_until(values, ':');
    const std::optional<ValueFields> fields = read_fields(rest);
    const bool is_set = fields && fields->type == "s";
    const bool is_packed = !is_set && texts.find_first_not_of(':') != std::string_view::npos;
    do {
      const std::string_view text = is_set ? texts : protocol::take_until(texts, ':');
      if (is_set) texts = {};
      if (is_packed && text.empty()) continue;
      const auto value = fields ? read_value(text, *fields, Senders::dogstatsd) : std::nullopt;
      if (value) {
        on_value(*value);
      } else {
        ++bad;
      }
    } while (texts.data() != nullptr);
  } while (values.data() != nullptr);
  return bad;
}

}  // namespace detail

/// Reads a line of the common form; nothing when it has another, which need not be bad. This is the fast way:
/// what it returns, read_line() reads as the same, unless the name holds `|#`.
inline std::optional<PlainLine> read_plain_line(std::string_view line) noexcept {
  const char* const end = line.data() + line.size();
  const char* const colon = static_cast<const char*>(std::memchr(line.data(), ':', line.size()));
  if (colon == nullptr) return std::nullopt;
  PlainLine read;
  read.name = {line.data(), static_cast<std::size_t>(colon - line.data())};
  LineValue& value = read.value;
  const char* number = colon + 1;
  value.has_sign = number != end && (*number == '+' || *number == '-');
  const bool is_negative = value.has_sign && *number == '-';
  if (value.has_sign) ++number;
  const char* next = detail::read_plain_number(number, end, value.value);
  if (next == nullptr || end - next < 2 || *next != '|') return std::nullopt;
  value.text = {colon + 1, static_cast<std::size_t>(next - colon - 1)};
  if (is_negative) value.value = -value.value;
  switch (next[1]) {
    case 'c':
      next += 2;
      break;
    case 'g':
      value.type = protocol::MetricType::gauge;
      next += 2;
      break;
    case 'm':
      if (end - next < 3 || next[2] != 's' || value.value < 0) return std::nullopt;
      value.type = protocol::MetricType::timing;
      next += 3;
      break;
    default:
      return std::nullopt;
  }
  if (next == end) return read;
  if (end - next < 3 || next[0] != '|' || next[1] != '@') return std::nullopt;
  const std::string_view rate{next + 2, static_cast<std::size_t>(end - next - 2)};
  double number_of_rate = 0;
  if (rate.find_first_of("eE") != std::string_view::npos) return std::nullopt;
  if (detail::read_plain_number(rate.data(), end, number_of_rate) != end) return std::nullopt;
  value.weight = 1 / number_of_rate;
  return read;
}

/// Reads any line without a line feed: calls `on_name(name, tags)` first, `tags` being what follows `|#`,
/// then `on_value(const LineValue&)` for each value that is not bad. Returns how many are bad, at least one
/// of a line without a value.
template <class OnName, class OnValue>
std::size_t read_line(std::string_view line, Senders senders, OnName&& on_name, OnValue&& on_value) {
  std::string_view tags;
  if (const std::size_t bar = line.find("|#"); bar != std::string_view::npos) {
    tags = line.substr(bar + 2);
    line = line.substr(0, bar);
    const std::string_view tags_end = senders == Senders::dogstatsd ? "|" : "|#";
    tags = tags.substr(0, tags.find(tags_end));
  }
  const std::string_view name = protocol::take_until(line, ':');
  on_name(name, tags);
  if (line.data() == nullptr) return 1;
  if (senders == Senders::dogstatsd) return detail::read_packed_values(line, on_value);
  return detail::read_values(line, on_value);
}

}  // namespace statwire::server
