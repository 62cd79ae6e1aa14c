#pragma once

// Finds the agents of a cluster through its masters, of which one leads.

#include <optional>
#include <string>
#include <vector>

#include "mesos_collector/http_get.hpp"
#include "mesos_collector/log.hpp"

namespace mesos_collector {

/// The URL of the leader, `http://host:port`: of the masters, in their order, the first whose /redirect has a
/// Location says where it is. One that does not is a line `get_slave_ip_list` in the log, with the type of
/// `get`'s failure, `http_status` or `wrong_field`. Masters are URLs, `http://host:port`.
std::optional<std::string> find_leader(const std::vector<std::string>& masters, const HttpGet& get, Log& log);

/// Whether a master's /health has the status 200.
bool is_master_healthy(const std::string& master, const HttpGet& get);

/// `host:port` of each agent that the leader knows, once, in its order. None: no master led to a leader that
/// answers, and the log says why of each. An agent without a usable hostname or port is a line of its own,
/// and left out.
std::optional<std::vector<std::string>> find_agents(const std::vector<std::string>& masters,
                                                    const HttpGet& get, Log& log);

}  // namespace mesos_collector
