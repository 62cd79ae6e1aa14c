#include "mesos_collector/environment.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <statwire/protocol/http_url.hpp>
#include <system_error>
#include <utility>

namespace mesos_collector {
namespace {

using std::chrono::milliseconds;

std::string upper(std::string_view text) {
  std::string result{text};
  for (char& letter : result) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return result;
}

std::string value_of(const statwire::ReadVariable& read, const std::string& name) {
  const char* const text = read(name.c_str());
  return text == nullptr ? "" : text;
}

/// The parts between commas, without blanks around them; empty ones are left out.
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t first = part.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    part = part.substr(first, part.find_last_not_of(" \t") + 1 - first);
    parts.emplace_back(part);
  }
  return parts;
}

/// Whether `host:port` or `[address]:port` has its port.
bool has_port(const std::string& authority) {
  const std::size_t host_end = authority.starts_with('[') ? authority.find(']') : 0;
  return authority.find(':', host_end) != std::string::npos;
}

/// The address of a master as the URL without a path; nothing when it is none.
std::optional<std::string> master_url(const std::string& text) {
  constexpr std::string_view scheme = "http://";
  std::string authority = text.substr(text.starts_with(scheme) ? scheme.size() : 0);
  if (authority.ends_with('/')) authority.pop_back();
  std::string url{scheme};
  url += authority;
  const auto parsed = statwire::protocol::parse_http_url(url);
  if (!parsed || parsed->target != "/") return std::nullopt;
  return has_port(authority) ? url : url + ":5050";
}

template <class Number>
std::optional<Number> parse_number(const std::string& text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data(), end, number);
  if (ec != std::errc{} || stop != end) return std::nullopt;
  return number;
}

/// Reads one variable after the other, and remembers each that is wrong.
class Reader {
 public:
  Reader(const statwire::ReadVariable& read, std::vector<std::string>& errors)
      : read_{read}, errors_{errors} {}

  void take_masters(std::vector<std::string>& masters) {
    const std::vector<std::string> several = get_option("MESOS", "ADDRESS", read_);
    for (const std::string& value : several) add_masters("HOLLOWMAN_MESOS_ADDRESS", value, masters);
    if (!several.empty()) return;
    constexpr const char* name = "STATS_COLLECTOR_MESOS_MASTER_IP";
    const std::string value = value_of(read_, name);
    add_masters(name, value, masters);
    if (split_list(value).empty()) {
      errors_.push_back(std::string{name} + " and HOLLOWMAN_MESOS_ADDRESS_0 are not set: expected " +
                        master_form);
    }
  }

  void take_rabbitmq(Environment& environment) {
    AmqpOptions& rabbitmq = environment.rabbitmq;
    take_host(rabbitmq);
    require("STATS_COLLECTOR_RABBITMQ_USER", "expected a user of the broker", rabbitmq.user);
    require("STATS_COLLECTOR_RABBITMQ_PWD", "expected the user's password", rabbitmq.password);
    require("STATS_COLLECTOR_RABBITMQ_VHOST", "expected a virtual host, often /", rabbitmq.vhost);
    require("STATS_COLLECTOR_RABBITMQ_RK", "expected a routing key, which is a queue's name",
            environment.routing_key);
    constexpr std::size_t longest = 255;  // a short string of the protocol
    for (const auto& [name, text] : {std::pair{"STATS_COLLECTOR_RABBITMQ_VHOST", &rabbitmq.vhost},
                                     std::pair{"STATS_COLLECTOR_RABBITMQ_RK", &environment.routing_key}}) {
      if (text->size() > longest) refuse(name, *text, "expected at most 255 bytes");
    }
  }

  void take_redis(Environment& environment) {
    constexpr const char* name = "STATS_COLLECTOR_REDIS_URL";
    if (const std::string text = value_of(read_, name); !text.empty()) {
      std::string error;
      if (auto url = parse_redis_url(text, error)) {
        environment.redis = *std::move(url);
      } else {
        errors_.push_back("the environment variable " + std::string{name} + " is wrong: " + error);
      }
    }
    take_pool(environment.redis_pool_min, environment.redis_pool_max);
  }

  /// A number, as in the original: 0 is no, any other is yes.
  void take_switch(const char* name, bool& target) {
    const std::string text = value_of(read_, name);
    if (text.empty()) return;
    if (const auto number = parse_number<int>(text)) {
      target = *number != 0;
    } else {
      refuse(name, text, "expected 1 or 0");
    }
  }

  void take_seconds(const char* name, milliseconds& target) {
    const std::string text = value_of(read_, name);
    if (text.empty()) return;
    constexpr double least = 0.001, most = 3600;
    const auto seconds = parse_number<double>(text);
    if (seconds && *seconds >= least && *seconds <= most) {
      target = milliseconds{std::llround(*seconds * 1000)};
    } else {
      refuse(name, text, "expected seconds from 0.001 to 3600");
    }
  }

 private:
  static constexpr const char* master_form =
      "a Mesos master as 10.0.2.1, 10.0.2.1:5050 or http://10.0.2.1:5050, or several with commas between";

  void refuse(const std::string& name, const std::string& value, const std::string& expected) {
    const bool may_have_password = value.find('@') != std::string::npos;  // a log is read by many
    errors_.push_back(
        statwire::EnvironmentError{name, may_have_password ? "...@..." : value, expected}.message());
  }

  void add_masters(const char* name, const std::string& value, std::vector<std::string>& masters) {
    for (const std::string& text : split_list(value)) {
      if (auto url = master_url(text)) {
        masters.push_back(*std::move(url));
      } else {
        refuse(name, text, "expected " + std::string{master_form});
      }
    }
  }

  void require(const char* name, const char* expected, std::string& target) {
    target = value_of(read_, name);
    if (target.empty()) errors_.push_back(std::string{name} + " is not set: " + expected);
  }

  void take_host(AmqpOptions& rabbitmq) {
    constexpr const char* name = "STATS_COLLECTOR_RABBITMQ_HOST";
    constexpr const char* form = "expected a host name or an address, and a port behind a colon if not 5672";
    std::string text;
    require(name, form, text);
    if (text.empty()) return;
    const auto url = statwire::protocol::parse_http_url("http://" + text);
    if (!url || url->target != "/" || text.ends_with('/')) return refuse(name, text, form);
    rabbitmq.host = url->host;
    if (has_port(text)) rabbitmq.port = url->port;
  }

  /// Where only one of them is set, the other one follows it.
  void take_pool(std::size_t& least, std::size_t& most) {
    constexpr const char* least_name = "STATS_COLLECTOR_REDIS_POOL_MIN";
    constexpr const char* most_name = "STATS_COLLECTOR_REDIS_POOL_MAX";
    constexpr std::size_t limit = 1000;
    const bool has_least = take_count(least_name, 0, limit, least);
    const bool has_most = take_count(most_name, 1, limit, most);
    if (least <= most) return;
    if (!has_least) {
      least = most;
    } else if (!has_most) {
      most = least;
    } else {
      refuse(most_name, std::to_string(most),
             std::string{"expected at least "} + least_name + ", which is " + std::to_string(least));
    }
  }

  /// Returns whether it is set, and rightly.
  bool take_count(const char* name, std::size_t least, std::size_t most, std::size_t& target) {
    const std::string text = value_of(read_, name);
    if (text.empty()) return false;
    const auto number = parse_number<std::size_t>(text);
    if (number && *number >= least && *number <= most) {
      target = *number;
      return true;
    }
    refuse(name, text, "expected a number from " + std::to_string(least) + " to " + std::to_string(most));
    return false;
  }

  const statwire::ReadVariable& read_;
  std::vector<std::string>& errors_;
};

}  // namespace

std::vector<std::string> get_option(std::string_view space, std::string_view name,
                                    const statwire::ReadVariable& read) {
  const std::string variable = "HOLLOWMAN_" + upper(space) + '_' + upper(name);
  std::vector<std::string> values;
  if (std::string plain = value_of(read, variable); !plain.empty()) values.push_back(std::move(plain));
  for (std::size_t i = 0;; ++i) {
    std::string value = value_of(read, variable + '_' + std::to_string(i));
    if (value.empty()) return values;
    values.push_back(std::move(value));
  }
}

Environment read_environment(bool needs_rabbitmq, std::vector<std::string>& errors,
                             const statwire::ReadVariable& read) {
  Environment environment;
  Reader reader{read, errors};
  reader.take_masters(environment.masters);
  if (needs_rabbitmq) reader.take_rabbitmq(environment);
  reader.take_redis(environment);
  reader.take_switch("STATS_COLLECTOR_INCLUDE_RAW_METRICS", environment.include_raw);
  reader.take_seconds("STATS_CONNECT_TIMEOUT", environment.timeouts.connect);
  reader.take_seconds("STATS_REQUEST_TIMEOUT", environment.timeouts.total);
  return environment;
}

}  // namespace mesos_collector
