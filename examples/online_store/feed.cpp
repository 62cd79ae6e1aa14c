#include "online_store/feed.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace online_store {
namespace {

constexpr std::int64_t day_milliseconds = std::chrono::milliseconds{std::chrono::hours{24}}.count();

}  // namespace

Feed::Feed(const AvroSchema& schema, FeedOptions options)
    : options_{std::move(options)}, encoder_{schema}, producer_{options_.producer} {}

void Feed::run(const std::stop_token& stop) {
  ShopDayOptions day = options_.day;
  for (std::size_t i = 0; i < options_.days; ++i) {
    if (!send_day(day, stop)) break;
    ++day.seed;
    day.day_start += day_milliseconds;
  }
  constexpr std::chrono::milliseconds look{100};
  while (producer_.flush(look) > 0 && !stop.stop_requested()) {
  }
}

bool Feed::send_day(const ShopDayOptions& options, const std::stop_token& stop) {
  ShopDay day{options};
  while (const std::optional<ShopEvent> event = day.next()) {
    // A bad one comes with the one before, whatever its clock says.
    if (!event->bad && !wait_until_due(event->timestamp, stop)) return false;
    if (!producer_.send(event->session_id, datum_of(*event, encoder_), stop)) return false;
  }
  return true;
}

bool Feed::wait_until_due(std::int64_t timestamp, const std::stop_token& stop) const {
  if (options_.clock == nullptr) return !stop.stop_requested();
  const auto due = options_.clock->due(statwire::EventTime{std::chrono::milliseconds{timestamp}});
  if (due <= ReplayClock::Steady::now()) return !stop.stop_requested();
  std::mutex mutex;
  std::unique_lock lock{mutex};
  std::condition_variable_any never;
  never.wait_until(lock, stop, due, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace online_store
