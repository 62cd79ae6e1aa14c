#pragma once

// Events and service checks, which the Datadog agent alone takes: `_e{6,2}:deploy|v2`, `_sc|db|0`.
// Source: DataDog/documentation, dogstatsd/datagram_shell; datadog-agent parse_events.go,
// parse_service_checks.go.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "statwire/protocol/statsd_line.hpp"

namespace statwire {

enum class EventPriority { normal, low };
enum class AlertType { info, success, warning, error };

/// Something that happened. Line feeds in the title and the text stay; other control characters become `_`.
struct Event {
  std::string_view title{};  ///< Not empty.
  std::string_view text{};
  std::int64_t timestamp = 0;  ///< Unix seconds; 0 lets the agent take its own time.
  std::string_view hostname{};
  std::string_view aggregation_key{};  ///< Events with one key are shown as one.
  EventPriority priority = EventPriority::normal;
  std::string_view source_type{};
  AlertType alert_type = AlertType::info;
  TagList tags{};
};

enum class CheckStatus { ok = 0, warning = 1, critical = 2, unknown = 3 };

/// What a service says of its health.
struct ServiceCheck {
  std::string_view name{};  ///< Not empty.
  CheckStatus status = CheckStatus::ok;
  std::int64_t timestamp = 0;  ///< Unix seconds; 0 lets the agent take its own time.
  std::string_view hostname{};
  std::string_view message{};
  TagList tags{};
};

namespace protocol {

/// Writes an event; returns the bytes written, 0 when they do not fit or the title is empty. `head` brings
/// the profile and the constant tags.
inline std::size_t write_event(std::span<char> out, LineHead head, const Event& event) noexcept {
  if (event.title.empty()) return 0;
  head.tags = event.tags.view();
  detail::LineCursor line{out};
  line.raw("_e{").number(Number{escaped_size(event.title)}).raw(",").number(Number{escaped_size(event.text)});
  line.raw("}:").escaped(event.title).raw("|").escaped(event.text);
  if (event.timestamp > 0) line.raw("|d:").number(Number{event.timestamp});
  if (!event.hostname.empty()) line.raw("|h:").member(event.hostname);
  if (!event.aggregation_key.empty()) line.raw("|k:").member(event.aggregation_key);
  if (event.priority == EventPriority::low) line.raw("|p:low");
  if (!event.source_type.empty()) line.raw("|s:").member(event.source_type);
  constexpr std::string_view types[] = {"", "|t:success", "|t:warning", "|t:error"};
  line.raw(types[static_cast<std::size_t>(event.alert_type) % 4]);
  return line.end_tags(head).size();
}

/// Writes a service check; returns the bytes written, 0 when they do not fit or the name is empty. The
/// message comes last, and `m:` in it is escaped.
inline std::size_t write_service_check(std::span<char> out, LineHead head,
                                       const ServiceCheck& check) noexcept {
  if (check.name.empty()) return 0;
  head.tags = check.tags.view();
  head.name = check.name;
  detail::LineCursor line{out};
  line.raw("_sc|").member(check.name).raw("|");
  line.number(Number{static_cast<unsigned>(check.status) % 4});
  if (check.timestamp > 0) line.raw("|d:").number(Number{check.timestamp});
  if (!check.hostname.empty()) line.raw("|h:").member(check.hostname);
  line.end_tags(head);
  if (!check.message.empty()) {
    line.raw("|m:");
    for (std::string_view rest = check.message; !rest.empty();) {
      const std::size_t mark = rest.find("m:");
      line.escaped(rest.substr(0, mark));
      if (mark == std::string_view::npos) break;
      line.raw("m\\:");
      rest.remove_prefix(mark + 2);
    }
  }
  return line.size();
}

}  // namespace protocol
}  // namespace statwire
