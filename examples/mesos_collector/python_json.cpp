#include "mesos_collector/python_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <statwire/protocol/number.hpp>
#include <string_view>

namespace mesos_collector {
namespace {

void append_float(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  using namespace statwire::protocol;
  std::array<char, max_number_chars> text;
  if (value == 0 && std::signbit(value)) out += '-';
  out.append(text.data(), write_float(text.data(), value, WholeNumbers::with_point));
}

/// The library escapes as Python does; most strings need none of it.
void append_string(std::string& out, const std::string& text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

void append(std::string& out, const Json& value);

void append_object(std::string& out, const Json& object) {
  std::string_view separator = "{";
  for (const auto& item : object.items()) {
    out += separator;
    append_string(out, item.key());
    out += ": ";
    append(out, item.value());
    separator = ", ";
  }
  out += object.empty() ? "{}" : "}";
}

void append_array(std::string& out, const Json& array) {
  std::string_view separator = "[";
  for (const Json& element : array) {
    out += separator;
    append(out, element);
    separator = ", ";
  }
  out += array.empty() ? "[]" : "]";
}

void append(std::string& out, const Json& value) {
  if (value.is_object()) {
    append_object(out, value);
  } else if (value.is_array()) {
    append_array(out, value);
  } else if (value.is_string()) {
    append_string(out, value.get_ref<const std::string&>());
  } else if (value.is_number_float()) {
    append_float(out, value.get<double>());
  } else {
    out += value.dump();
  }
}

}  // namespace

std::string to_python_json(const Json& value) {
  std::string text;
  append(text, value);
  return text;
}

std::string json_excerpt(const Json& value) {
  constexpr std::size_t limit = 40;
  if (value.is_structured()) return value.is_array() ? "an array" : "an object";
  const auto* const text = value.get_ptr<const std::string*>();
  if (text == nullptr || text->size() <= limit) return to_python_json(value);
  return to_python_json(text->substr(0, limit)) + "...";
}

}  // namespace mesos_collector
