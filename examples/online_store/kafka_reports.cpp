#include "online_store/kafka_reports.hpp"

namespace online_store {

void KafkaReports::add(const std::string& kind, const std::string& text, Clock::time_point now) {
  ++count_;
  if (!tell_) return;
  const auto [place, is_first] = kinds_.try_emplace(kind);
  Kind& known = place->second;
  if (!is_first && now - known.told < interval) {
    ++known.untold;
    return;
  }
  const std::string more =
      known.untold == 0 ? "" : " (and " + std::to_string(known.untold) + " more of this kind before)";
  known = {.told = now};
  tell_(located(text) + more);
}

void KafkaReports::add_log(rd_kafka_event_t* event) {
  const char* facility = "";
  const char* text = "";
  int level = 0;
  if (rd_kafka_event_log(event, &facility, &text, &level) == 0) add(facility, text);
}

}  // namespace online_store
