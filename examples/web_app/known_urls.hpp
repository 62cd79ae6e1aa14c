#pragma once

// What the hashes in the names of metrics stand for, as a contexts server tells it.

#include <chrono>
#include <map>
#include <optional>
#include <statwire/protocol/http_url.hpp>
#include <string>
#include <string_view>

namespace web_app {

/// URLs of controllers, by their MD5 in hexadecimal digits.
using Urls = std::map<std::string, std::string, std::less<>>;

/// Reads the URLs of all applications out of the answer to `GET /contexts`; nothing when it is no such
/// answer.
std::optional<Urls> parse_urls(std::string_view json);

/// Asks the server at which contexts are registered, for at most so long in all. When it does not tell, or
/// tells more than 8 MiB, `error` says why.
std::optional<Urls> fetch_urls(const statwire::protocol::HttpUrl& contexts, std::chrono::seconds timeout,
                               std::string& error);

}  // namespace web_app
