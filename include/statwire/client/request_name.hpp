#pragma once

// What the metrics of a request are called. Source: the request metrics of M3, in the names of their first
// version (2.0.9.4) and of all later ones.

#include <algorithm>
#include <iterator>
#include <string>

#include "statwire/client/request_table.hpp"
#include "statwire/protocol/md5.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::client {

/// The part before `requests.count` and the like: `controller_<MD5>.`, and where the key has a path or a
/// method `controller_<MD5>.url_<MD5>.method_<method in lower case>.`.
inline std::string request_prefix(const RequestKey& key) {
  std::string name = "controller_" + protocol::md5_text(key.controller) + ".";
  if (key.path.empty() && key.method.empty()) return name;
  name += "url_" + protocol::md5_text(key.path) + ".method_";
  std::transform(key.method.begin(), key.method.end(), std::back_inserter(name), protocol::to_lower);
  return name + ".";
}

}  // namespace statwire::client
