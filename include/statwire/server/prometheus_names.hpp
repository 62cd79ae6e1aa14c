#pragma once

// What a StatsD series is called in Prometheus: `api.hits;code=200;route=/a` becomes `api_hits` with the
// labels `code="200",route="/a"`. Different names can become the same; whoever makes a page sees to that.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/protocol/prometheus_text.hpp"
#include "statwire/protocol/text.hpp"

namespace statwire::server {

/// Keeps its memory from name to name. Not for several threads at once.
class PrometheusNames {
 public:
  /// Appends the name of a metric to `name` and the labels to `labels`, which is empty, as
  /// append_prometheus_label() has them. Labels are sorted by name, so their order makes no other series. A
  /// tag without `=` has the value `true`; one whose value is empty is none. Tags whose names become the same
  /// are one label, their values side by side as they came: `a=1;a=2` is `a="1,2"`. Cost: n log n of the
  /// tags.
  void map(std::string_view series, std::string& name, std::string& labels) {
    protocol::append_prometheus_name(name, protocol::take_until(series, ';'));
    if (series.data() == nullptr) return;
    tags_.clear();
    while (series.data() != nullptr) {
      std::string_view value = protocol::take_until(series, ';');
      const std::string_view tag = protocol::take_until(value, '=');
      if (value.data() == nullptr) value = tag.empty() ? "" : "true";
      if (value.empty()) continue;
      Tag& added = tags_.emplace_back();
      protocol::append_prometheus_label_name(added.name, tag);
      added.value = value;
    }
    std::stable_sort(tags_.begin(), tags_.end(),
                     [](const Tag& left, const Tag& right) { return left.name < right.name; });
    for (auto tag = tags_.begin(); tag != tags_.end();) {
      const auto end =
          std::find_if(tag, tags_.end(), [&](const Tag& next) { return next.name != tag->name; });
      values_.assign(tag->value);
      for (auto same = tag + 1; same != end; ++same) values_.append(",").append(same->value);
      protocol::append_prometheus_label(labels, tag->name, values_);
      tag = end;
    }
  }

 private:
  struct Tag {
    std::string name;
    std::string_view value;
  };

  std::vector<Tag> tags_;
  std::string values_;
};

}  // namespace statwire::server
