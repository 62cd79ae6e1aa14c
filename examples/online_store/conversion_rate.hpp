#pragma once

// What the API answers: the conversion, as it stands on a page for Prometheus.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace online_store {

inline constexpr std::string_view conversion_rate_path = "/api/v1.0/conversion_rate/";

struct ConversionRate {
  std::optional<double> value;  ///< A part of 1.
  std::string problem;          ///< Why there is none.
  bool is_page = true;          ///< What was read is a page, whether it has the figure or not.
};

/// The sample `conversion`, in percent on the page.
ConversionRate conversion_rate(std::string_view page);

/// `{"timestamp": SECONDS, "contents": [{"conversion_rate": RATE}], "check": true}`
std::string conversion_rate_answer(double rate, std::int64_t unix_seconds);

/// `{"error": REASON}`
std::string error_answer(std::string_view reason);

}  // namespace online_store
