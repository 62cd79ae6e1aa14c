#include "online_store/conversion_rate.hpp"

#include <cmath>
#include <statwire/detail/json.hpp>
#include <statwire/prometheus.hpp>
#include <vector>

namespace online_store {

using Json = nlohmann::ordered_json;

ConversionRate conversion_rate(std::string_view page) {
  statwire::PrometheusError error;
  const auto families = statwire::parse_prometheus(page, statwire::PrometheusFormat::text, error);
  if (!families) return {std::nullopt, "the page is none of Prometheus: " + error.message(), false};
  const statwire::PrometheusSample* const conversion = statwire::find_sample(*families, "conversion");
  if (conversion == nullptr) return {std::nullopt, "the page has no sample 'conversion'"};
  if (!std::isfinite(conversion->value)) {  // JSON has no such number
    return {std::nullopt, "the page's sample 'conversion' is no finite number"};
  }
  return {conversion->value / 100, {}};
}

std::string conversion_rate_answer(double rate, std::int64_t unix_seconds) {
  const Json contents = Json::array({Json{{"conversion_rate", rate}}});
  return Json{{"timestamp", unix_seconds}, {"contents", contents}, {"check", true}}.dump();
}

std::string error_answer(std::string_view reason) {
  // What is no UTF-8 may be part of what another server sent.
  return Json{{"error", reason}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace online_store
