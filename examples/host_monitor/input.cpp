#include "host_monitor/input.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <statwire/protocol/clean.hpp>
#include <statwire/protocol/number.hpp>

namespace host_monitor {
namespace {

using std::chrono::milliseconds;

struct DurationUnit {
  std::string_view name;
  milliseconds length;
};

constexpr std::array<DurationUnit, 4> duration_units{{{"h", std::chrono::hours{1}},
                                                      {"m", std::chrono::minutes{1}},
                                                      {"s", std::chrono::seconds{1}},
                                                      {"ms", milliseconds{1}}}};

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const bool needs_brackets = endpoint.host.find(':') != std::string::npos;
  const std::string host = needs_brackets ? '[' + endpoint.host + ']' : endpoint.host;
  return host + ':' + std::to_string(endpoint.port);
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return std::nullopt;  // without brackets, the port could as well be the end of the address
  }
  const bool is_all_digits = port_text.find_first_not_of("0123456789") == port_text.npos;
  const std::optional<std::int64_t> port = statwire::protocol::parse_integer(port_text);
  if (host.empty() || host.find_first_of("[] \t") != host.npos || !is_all_digits || !port || *port < 1 ||
      *port > std::numeric_limits<std::uint16_t>::max())
    return std::nullopt;
  return Endpoint{.host = std::string{host}, .port = static_cast<std::uint16_t>(*port)};
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  const std::size_t number_length = text.find_first_not_of("0123456789.");
  const std::optional<double> number = statwire::protocol::parse_float(text.substr(0, number_length));
  if (number_length == text.npos || !number) return std::nullopt;
  for (const DurationUnit& unit : duration_units) {
    if (text.substr(number_length) != unit.name) continue;
    const double count = *number * static_cast<double>(unit.length.count());
    constexpr double exact_integers = 9007199254740992.0;  // 2^53
    if (count > exact_integers) return std::nullopt;
    return milliseconds{static_cast<milliseconds::rep>(count)};
  }
  return std::nullopt;
}

std::string to_string(milliseconds duration) {
  for (const DurationUnit& unit : duration_units) {
    if (duration % unit.length == milliseconds::zero())
      return std::to_string(duration / unit.length) + std::string{unit.name};
  }
  return {};
}

bool is_valid_prefix(std::string_view text) {
  std::string clean(text.size(), '\0');
  statwire::protocol::copy_clean_name(clean.data(), text);
  return clean == text && !text.starts_with('.') && !text.ends_with('.') && text.find("..") == text.npos;
}

}  // namespace host_monitor
