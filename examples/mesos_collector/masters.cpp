#include "mesos_collector/masters.hpp"

#include <arpa/inet.h>

#include <set>
#include <statwire/protocol/http_url.hpp>
#include <string_view>
#include <utility>
#include <variant>

#include "mesos_collector/get_json.hpp"

namespace mesos_collector {
namespace {

using statwire::protocol::parse_http_url;

constexpr const char* action = "get_slave_ip_list";
constexpr const char* master_key = "master_ip";

/// Users write an address with a slash at its end as well.
std::string url_of(std::string_view master, std::string_view path) {
  if (master.ends_with('/')) master.remove_suffix(1);
  return std::string{master} += path;
}

/// `http://host:port` out of `//host:port` or the same with a scheme; none when it is neither.
std::optional<std::string> leader_in(const std::string& location) {
  std::string url = location.starts_with("//") ? "http:" + location : location;
  const auto parts = parse_http_url(url);
  if (!parts || parts->target != "/") return std::nullopt;
  if (url.ends_with('/')) url.pop_back();
  return url;
}

std::variant<std::string, Failure> ask_for_leader(const std::string& master, const HttpGet& get) {
  const auto result = get(url_of(master, "/redirect"));
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  const auto& reply = std::get<HttpReply>(result);
  if (reply.location.empty()) {
    return Failure{"http_status", "it answered /redirect with the HTTP status " +
                                      std::to_string(reply.status) + " and no Location of a leader"};
  }
  if (auto leader = leader_in(reply.location)) return *std::move(leader);
  return Failure{"wrong_field", "its Location is '" + reply.location + "'; legal is //host:port"};
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

/// `host:port` of an entry of /slaves; brackets are around an address of IPv6, where an agent has no name.
std::variant<std::string, Failure> address_of(const Json& agent) {
  const auto member = [&](const char* name) {
    return agent.is_object() ? agent.value(name, Json{}) : Json{};
  };
  const Json host = member("hostname");
  const Json port = member("port");
  const auto text = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  if (host.is_string() && port.is_number_integer()) {
    const auto name = host.get<std::string>();
    std::string address = (is_ipv6(name) ? "[" + name + "]" : name) + ":" + text(port);
    const auto parts = parse_http_url("http://" + address);
    if (parts && parts->target == "/") return address;
  }
  return Failure{host.is_null() || port.is_null() ? "missing_field" : "wrong_field",
                 "an agent has the hostname " + text(host) + " and the port " + text(port) +
                     "; legal are a name and a number from 1 to 65535"};
}

/// The agents that a leader knows, or why there is no list of them.
std::variant<Json, Failure> ask_for_agents(const std::string& leader, const HttpGet& get) {
  auto answer = get_json(url_of(leader, "/slaves"), get);
  if (std::holds_alternative<Failure>(answer)) return answer;
  Json& json = std::get<Json>(answer);
  if (!json.is_object() || !json.contains("slaves")) {
    return Failure{"missing_field", "its /slaves has no member 'slaves'"};
  }
  if (!json["slaves"].is_array()) return Failure{"wrong_field", "its 'slaves' is no array"};
  return std::move(json["slaves"]);
}

/// Goes through the masters until one names a leader with which `use(leader)` is content.
template <class Use>
void try_leaders(const std::vector<std::string>& masters, const HttpGet& get, Log& log, Use use) {
  for (const std::string& master : masters) {
    const auto leader = ask_for_leader(master, get);
    if (const auto* failure = std::get_if<Failure>(&leader)) {
      log.failure(action, master_key, master, *failure);
    } else if (use(std::get<std::string>(leader))) {
      return;
    }
  }
}

}  // namespace

std::optional<std::string> find_leader(const std::vector<std::string>& masters, const HttpGet& get,
                                       Log& log) {
  std::optional<std::string> found;
  try_leaders(masters, get, log, [&](const std::string& leader) {
    found = leader;
    return true;
  });
  return found;
}

bool is_master_healthy(const std::string& master, const HttpGet& get) {
  constexpr int ok = 200;
  const auto result = get(url_of(master, "/health"));
  const auto* reply = std::get_if<HttpReply>(&result);
  return reply != nullptr && reply->status == ok;
}

std::optional<std::vector<std::string>> find_agents(const std::vector<std::string>& masters,
                                                    const HttpGet& get, Log& log) {
  std::optional<std::vector<std::string>> found;
  try_leaders(masters, get, log, [&](const std::string& leader) {
    const auto agents = ask_for_agents(leader, get);
    if (const auto* failure = std::get_if<Failure>(&agents)) {
      log.failure(action, master_key, leader, *failure);
      return false;
    }
    found.emplace();
    std::set<std::string> addresses;  // an agent that registered again may be there twice
    for (const Json& agent : std::get<Json>(agents)) {
      auto address = address_of(agent);
      if (const auto* failure = std::get_if<Failure>(&address)) {
        log.failure(action, master_key, leader, *failure);
      } else if (addresses.insert(std::get<std::string>(address)).second) {
        found->push_back(std::get<std::string>(std::move(address)));
      }
    }
    return true;
  });
  return found;
}

}  // namespace mesos_collector
