#include "online_store/history.hpp"

#include <chrono>

namespace online_store {
namespace {

constexpr std::chrono::milliseconds step = std::chrono::minutes{5};
constexpr std::size_t most = std::chrono::hours{24} / step;

}  // namespace

void History::take(statwire::EventTime now, const Figures& figures) {
  if (!samples_.empty() && now < samples_.back().time) {
    // A clock that is set right by a little is no new day.
    if (samples_.back().time - now > step)
      samples_.clear();
    else
      now = samples_.back().time;
  }
  const auto step_of = [](statwire::EventTime time) { return time.time_since_epoch() / step; };
  if (!samples_.empty() && step_of(samples_.back().time) == step_of(now)) {
    samples_.back() = {now, figures};
    return;
  }
  samples_.push_back({now, figures});
  if (samples_.size() > most) samples_.pop_front();
}

}  // namespace online_store
