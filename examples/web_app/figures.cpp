#include "web_app/figures.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace web_app {
namespace {

using statwire::protocol::MetricType;
using statwire::protocol::StatsdSample;

constexpr double shortest = 0.001;  // milliseconds
constexpr double growth = 1.02;
constexpr std::size_t classes = 1048;  // of which the first is for what is shorter

std::size_t class_of(double milliseconds) {
  if (!(milliseconds >= shortest)) return 0;
  const double steps = std::log(milliseconds / shortest) / std::log(growth);
  return steps >= classes - 1 ? classes - 1 : static_cast<std::size_t>(steps) + 1;
}

/// The geometric middle, which is off by the same factor at both ends.
double middle_of(std::size_t index) {
  return index == 0 ? 0 : shortest * std::pow(growth, static_cast<double>(index) - 0.5);
}

/// A gauge with a sign is a change.
double changed(std::optional<double> gauge, const StatsdSample& sample) {
  return sample.has_sign ? gauge.value_or(0) + sample.value : sample.value;
}

}  // namespace

Distribution::Distribution() : weights_(classes, 0.0) {}

void Distribution::add(double milliseconds, double weight) {
  least_ = count_ == 0 ? milliseconds : std::min(least_, milliseconds);
  most_ = count_ == 0 ? milliseconds : std::max(most_, milliseconds);
  count_ += weight;
  weights_[class_of(milliseconds)] += weight;
}

double Distribution::percentile(double fraction) const {
  constexpr double rounding = 1e-9;  // of sums of 1 / rate
  const double rank = count_ * (fraction - rounding);
  double passed = 0;
  std::size_t index = 0;
  for (; index != classes - 1; ++index) {
    passed += weights_[index];
    if (passed >= rank) break;
  }
  return std::clamp(middle_of(index), least_, most_);
}

Figures::Figures(std::string prefix) : prefix_{std::move(prefix)} {
  if (!prefix_.empty() && !prefix_.ends_with('.')) prefix_ += '.';
}

void Figures::take(std::string_view datagram) {
  statwire::protocol::for_each_line(datagram, [this](std::string_view line) {
    bad_values_ += statwire::protocol::parse_statsd_line(line, [this](const StatsdSample& sample) {
      if (sample.name.starts_with(prefix_)) take(sample);
    });
  });
}

void Figures::take(const StatsdSample& sample) {
  const std::string_view name = sample.name.substr(prefix_.size());
  switch (sample.type) {
    case MetricType::counter:
      take_counter(name, sample.value / sample.rate);
      break;
    case MetricType::timing:
      if (ControllerFigures* figures = controller(name, ".requests.timing")) {
        figures->timings.add(sample.value, 1 / sample.rate);
      }
      break;
    case MetricType::gauge:
      if (name == "users.count") user_count_ = changed(user_count_, sample);
      if (name == "users.active") active_users_ = changed(active_users_, sample);
      break;
    case MetricType::set:
      break;  // no metric of ours
  }
}

void Figures::take_counter(std::string_view name, double value) {
  if (name == "requests.total") {
    total_requests_ += value;
  } else if (name == "users.count") {
    created_users_ += value;
  } else if (name == "users.active") {
    logins_ += value;
  } else if (ControllerFigures* counted = controller(name, ".requests.count")) {
    counted->requests += value;
  } else if (ControllerFigures* failed = controller(name, ".requests.errors")) {
    failed->errors += value;
  }
}

/// The figures of `controller_<MD5><suffix>`; null for other names, and where there is no more room.
ControllerFigures* Figures::controller(std::string_view name, std::string_view suffix) {
  constexpr std::string_view begin = "controller_";
  constexpr std::size_t hash_size = 32;
  if (name.size() != begin.size() + hash_size + suffix.size() || !name.starts_with(begin) ||
      !name.ends_with(suffix)) {
    return nullptr;
  }
  const std::string_view hash = name.substr(begin.size(), hash_size);
  if (hash.find_first_not_of("0123456789abcdef") != hash.npos) return nullptr;
  if (const auto found = controllers_.find(hash); found != controllers_.end()) return &found->second;
  if (controllers_.size() == max_controllers) {
    ++dropped_values_;
    return nullptr;
  }
  return &controllers_[std::string{hash}];
}

}  // namespace web_app
