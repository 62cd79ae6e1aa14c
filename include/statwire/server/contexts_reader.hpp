#pragma once

// The document with which an instance registers its contexts: who it is, which URLs its metrics are about,
// and when it said so. Read from bytes that anybody may have sent; what is not such a document is refused
// with one line that says what is wrong and what would be right.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/detail/json.hpp"
#include "statwire/protocol/md5.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::server {

/// A document that was found to be right.
struct ContextsDocument {
  std::string identity{};      ///< A JSON object of strings, its keys in order: equal for the same instance.
  std::string info{};          ///< A JSON object: "controller", "url" and whatever else was there.
  std::int64_t timestamp = 0;  ///< Unix seconds, as the instance has them.
};

namespace detail {

/// At most so many bytes of what a client wrote come back to it.
inline constexpr std::size_t max_quoted_bytes = 100;

/// One line of ASCII: a cut may have halved other characters.
inline std::string clip(std::string_view text) {
  std::string clipped = protocol::one_line(std::string{text.substr(0, max_quoted_bytes)});
  std::replace_if(
      clipped.begin(), clipped.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7f; }, '?');
  return clipped + (text.size() > max_quoted_bytes ? "..." : "");
}

inline std::string quote(std::string_view text) {
  return '"' + clip(text) + '"';
}

/// Says what is wrong by throwing; never leaves read_contexts_document().
struct NoContextsDocument {
  std::string why;
};

[[noreturn]] inline void refuse(std::string why) {
  throw NoContextsDocument{std::move(why)};
}

/// How deep objects and arrays are nested; exact for what is JSON.
inline int nesting_of(std::string_view body) noexcept {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

/// The parser works without recursion, but copies and prints with it, so what is nested too deep stops here;
/// its own callback for that looks at all siblings at the end of each object: seconds for a MiB.
inline nlohmann::json parse_contexts_json(std::string_view body) {
  using nlohmann::json;
  constexpr int max_depth = 32;
  if (body.empty()) refuse("the body is empty; expected a JSON object");
  if (nesting_of(body) > max_depth) {
    refuse("the body is nested deeper than " + std::to_string(max_depth) + " levels");
  }
  try {
    return json::parse(body.begin(), body.end());
  } catch (const json::parse_error& error) {
    std::string_view reason = error.what();
    if (const std::size_t end = reason.find("syntax error"); end != std::string_view::npos)
      reason.remove_prefix(end);
    refuse("the body is no JSON: " + clip(reason) + " at byte " + std::to_string(error.byte));
  } catch (const json::out_of_range&) {
    refuse("the body holds a number beyond the range of a double");
  }
}

/// A member that has to be there.
inline const nlohmann::json& member(const nlohmann::json& object, const char* name, const char* expected) {
  const auto found = object.find(name);
  if (found == object.end()) refuse('"' + std::string{name} + "\" is missing; expected " + expected);
  return *found;
}

inline void check_object(const nlohmann::json& value, const std::string& name, const char* expected) {
  if (!value.is_object()) refuse(name + " is no object but " + value.type_name() + "; expected " + expected);
}

/// A URL that is no UTF-8 comes with U+FFFD in place of some bytes, and the hash of those.
inline void check_hash(const std::string& hash, const std::string& url, const char* name) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  const std::string right = protocol::md5_text(url);
  const bool is_md5 =
      hash.size() == right.size() && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (hash == right || (is_md5 && url.find(replacement) != std::string::npos)) return;
  refuse(std::string{name} + " has the key " + quote(hash) + " for the URL " + quote(url) +
         ", whose MD5 is " + right);
}

inline void check_identity(const nlohmann::json& identity) {
  constexpr const char* expected = "an object of strings such as {\"instance\": \"a\"}";
  check_object(identity, "\"identity\"", expected);
  if (identity.empty()) refuse(std::string{"\"identity\" is empty; expected "} + expected);
  for (const auto& [key, value] : identity.items()) {
    if (!value.is_string()) {
      refuse("\"identity\" has " + std::string{value.type_name()} + " at " + quote(key) +
             "; expected a string");
    }
  }
}

inline void check_controllers(const nlohmann::json& controllers) {
  constexpr const char* expected = "an object such as {\"<MD5 of the URL>\": {\"url\": \"<URL>\"}}";
  check_object(controllers, "\"controller\" of \"info\"", expected);
  for (const auto& [hash, controller] : controllers.items()) {
    const auto url = controller.is_object() ? controller.find("url") : controller.end();
    if (url == controller.end() || !url->is_string()) {
      refuse("\"controller\" of \"info\" has no string \"url\" at " + quote(hash) + "; expected " + expected);
    }
    check_hash(hash, url->get_ref<const std::string&>(), "\"controller\" of \"info\"");
  }
}

inline void check_urls(const nlohmann::json& urls) {
  constexpr const char* expected = "an object such as {\"<MD5 of the URL>\": \"<URL>\"}";
  check_object(urls, "\"url\" of \"info\"", expected);
  for (const auto& [hash, url] : urls.items()) {
    if (!url.is_string()) {
      refuse("\"url\" of \"info\" has " + std::string{url.type_name()} + " at " + quote(hash) +
             "; expected a string");
    }
    check_hash(hash, url.get_ref<const std::string&>(), "\"url\" of \"info\"");
  }
}

inline void check_info(const nlohmann::json& info) {
  check_object(info, "\"info\"", "an object with \"controller\"");
  check_controllers(member(info, "controller", "an object of objects with a \"url\" in \"info\""));
  if (const auto urls = info.find("url"); urls != info.end()) check_urls(*urls);
}

inline std::int64_t checked_timestamp(const nlohmann::json& timestamp) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool is_right = timestamp.is_number_integer() &&
                        (!timestamp.is_number_unsigned() || timestamp.get<std::uint64_t>() <= most);
  if (!is_right) {
    refuse("\"timestamp\" is " + clip(timestamp.is_primitive() ? timestamp.dump() : timestamp.type_name()) +
           "; expected an integer of Unix seconds");
  }
  return timestamp.get<std::int64_t>();
}

}  // namespace detail

/// Reads a document:
///
///   {"identity": {"version": "v1", "instance": "a"}, "timestamp": 1386900000,
///    "info": {"controller": {"<MD5 of the URL>": {"url": "/desktop"}}, "url": {"<MD5 of the URL>": "/x"}}}
///
/// Every key of "controller" and "url" has to be the MD5 of its URL in lower case, or a hash could lie about
/// what its metrics measure; of a URL that holds U+FFFD, as bytes that are no UTF-8 become, some MD5. "url"
/// may be left out. Members beside these are allowed, and kept within "info". Nothing is returned, and `why`
/// is one line of ASCII, when the body is anything else, or is nested deeper than 32 levels. Any bytes are
/// safe; a MiB takes 100 ms or so.
inline std::optional<ContextsDocument> read_contexts_document(std::string_view body, std::string& why) {
  using namespace detail;
  try {
    const nlohmann::json document = parse_contexts_json(body);
    check_object(document, "the body", "a JSON object with \"identity\", \"info\" and \"timestamp\"");
    const nlohmann::json& identity = member(document, "identity", "an object of strings");
    check_identity(identity);
    const nlohmann::json& info = member(document, "info", "an object with \"controller\"");
    check_info(info);
    const std::int64_t timestamp =
        checked_timestamp(member(document, "timestamp", "an integer of Unix seconds"));
    return ContextsDocument{.identity = identity.dump(), .info = info.dump(), .timestamp = timestamp};
  } catch (NoContextsDocument& wrong) {
    why = std::move(wrong.why);
    return std::nullopt;
  }
}

}  // namespace statwire::server
