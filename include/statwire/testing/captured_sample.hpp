#pragma once

// What a server finds in the datagrams that a client sent: samples, events and service checks, taken apart
// and freed of the dialect. Filled by parse_samples.hpp, searched by captured.hpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/event.hpp"

namespace statwire::testing {

/// The type of a line, as it stands on the wire.
enum class SampleType { counter, gauge, timing, histogram, distribution, set };

inline std::string_view name_of(SampleType type) noexcept {
  constexpr std::string_view names[] = {"counter", "gauge", "timing", "histogram", "distribution", "set"};
  return names[static_cast<std::size_t>(type)];
}

/// Pairs of key and value, sorted. The value of a label is empty.
using CapturedTags = std::vector<std::pair<std::string, std::string>>;

/// One value of a line.
struct CapturedValue {
  std::string text{};        ///< As it stands on the wire; of a set, the member.
  double number = 0;         ///< Timings in milliseconds; 0 for a set.
  bool is_relative = false;  ///< Of a gauge that is changed by `number`, not set to it.

  bool operator==(const CapturedValue&) const = default;
};

/// One line of a metric.
struct CapturedSample {
  SampleType type = SampleType::counter;
  std::string name{};  ///< With the prefix, as it stands on the wire.
  CapturedTags tags{};
  std::vector<CapturedValue> values{};  ///< At least one; more where the profile packs them.
  double rate = 1;                      ///< Above 0, at most 1.
  std::int64_t timestamp = 0;           ///< Unix seconds; 0 is none.

  bool operator==(const CapturedSample&) const = default;
};

/// An event. Line feeds of title and text are line feeds again.
struct CapturedEvent {
  std::string title{};
  std::string text{};
  std::int64_t timestamp = 0;  ///< Unix seconds; 0 is none.
  std::string hostname{};
  std::string aggregation_key{};
  EventPriority priority = EventPriority::normal;
  std::string source_type{};
  AlertType alert_type = AlertType::info;
  CapturedTags tags{};

  bool operator==(const CapturedEvent&) const = default;
};

/// A service check.
struct CapturedCheck {
  std::string name{};
  CheckStatus status = CheckStatus::ok;
  std::int64_t timestamp = 0;  ///< Unix seconds; 0 is none.
  std::string hostname{};
  CapturedTags tags{};
  std::string message{};  ///< As it stands on the wire, where a line feed is `\n` and `m:` is `m\:`.

  bool operator==(const CapturedCheck&) const = default;
};

/// What stands in some datagrams, each kind in the order in which it was sent.
struct CapturedLines {
  std::vector<CapturedSample> samples{};
  std::vector<CapturedEvent> events{};
  std::vector<CapturedCheck> service_checks{};
};

}  // namespace statwire::testing
