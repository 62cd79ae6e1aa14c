#pragma once

// What a service tells when it registers its contexts: the JSON document that is posted, and who a prefix
// says that it is. Names of request metrics hold URLs as MD5; this document is where the URLs are found
// again. Opens nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/detail/json.hpp"
#include "statwire/protocol/md5.hpp"

namespace statwire {

/// Who a prefix says that it is: its parts between dots are, in this order, `version`, `region`, `client` and
/// `product`, as far as there are any; `instance` is what follows `instance_` in the first part, of all, that
/// begins so. One dot at the end changes nothing.
///
///   v1.tatar.bars.test.instance_7   {"version": "v1", "region": "tatar", "client": "bars", "product":
///   "test",
///                                    "instance": "7"}
inline nlohmann::json prefix_identity(std::string_view prefix) {
  constexpr std::array names{"version", "region", "client", "product"};
  constexpr std::string_view instance = "instance_";
  if (prefix.ends_with('.')) prefix.remove_suffix(1);
  nlohmann::json identity = nlohmann::json::object();
  for (std::size_t i = 0;; ++i) {
    const std::string_view part = prefix.substr(0, prefix.find('.'));
    if (i < names.size()) identity[names[i]] = part;
    if (part.starts_with(instance) && !identity.contains("instance")) {
      identity["instance"] = part.substr(instance.size());
    }
    if (part.size() == prefix.size()) return identity;
    prefix.remove_prefix(part.size() + 1);
  }
}

/// The document:
///
///   {"timestamp": 1386900000,
///    "info": {"controller": {"<MD5 of the URL>": {"url": "/desktop"}, ...},
///             "url": {"<MD5 of the URL>": "/desktop/save", ...}},
///    "identity": {"version": "v1", ...}}
///
/// `url` is absent when there are no URLs. A URL that comes twice is in it once.
inline nlohmann::json contexts_document(std::string_view prefix, const std::vector<std::string>& controllers,
                                        const std::vector<std::string>& urls, std::int64_t timestamp) {
  nlohmann::json info;
  info["controller"] = nlohmann::json::object();
  for (const std::string& url : controllers) info["controller"][protocol::md5_text(url)] = {{"url", url}};
  for (const std::string& url : urls) info["url"][protocol::md5_text(url)] = url;
  return {{"timestamp", timestamp}, {"info", std::move(info)}, {"identity", prefix_identity(prefix)}};
}

/// The document as text. JSON is UTF-8: bytes of a URL that are none are written as U+FFFD, while its MD5 is
/// that of the bytes as they were, so that the names of its metrics are found.
inline std::string contexts_text(const nlohmann::json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace statwire
