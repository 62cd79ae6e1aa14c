#pragma once

// Makes our client do what a call of another client asks for. What a client's names and receivers mean is
// data, a ForeignClient; an argument or a function that is not known fails the test, so no case is passed
// over.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "statwire/statsd.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "support/case_files.hpp"
#include "support/foreign_call.hpp"
#include "support/text.hpp"

namespace statwire::test {

/// What the calls of a case are made on, and how it was made.
struct ForeignReceiver {
  std::string name{};
  std::string prefix{};
  std::string scope{};
  std::string suffix{};  ///< Ours has none: the name is given with it.
  std::string metric{};  ///< For objects that stand for one metric: its name, which the calls leave out.
  aggregate::Context::OwnedTags tags{};
  std::optional<Profile> profile{};  ///< Else that of the client.
  bool buffered = false;
};

struct ForeignClient {
  std::string file;
  Profile profile;
  std::vector<ForeignReceiver> receivers;
  bool increments_by_one = false;  ///< The second argument of increment is the rate, then.
  bool sends_lists_in_one_datagram = false;
  std::map<std::string, std::string> environment{};
};

/// Keeps as many samples as it is told, then none.
inline std::size_t& samples_to_keep() {
  static std::size_t count = 0;
  return count;
}
inline std::uint64_t keep_the_first() noexcept {
  if (samples_to_keep() == 0) return ~std::uint64_t{0};
  --samples_to_keep();
  return 0;
}

/// The arguments of a call by name. Each is to be taken.
class ForeignArguments {
 public:
  using Kind = ForeignValue::Kind;

  /// `parameters` are the names of the arguments by position. Lists and maps behind the first are tags, a map
  /// with one of the names of an option is options.
  ForeignArguments(const ForeignValue& call, std::vector<std::string> parameters) {
    std::size_t position = 0;
    for (const ForeignValue& item : call.items) {
      const Kind kind = item.kind;
      if (!item.key.empty()) {
        add_named(item);
      } else if (kind == Kind::map && !item.items.empty() && is_option(item.items[0].key)) {
        for (const ForeignValue& option : item.items) add_named(option);
      } else if (kind == Kind::map || (kind == Kind::list && position > 0)) {
        add("tags", item);
      } else {
        REQUIRE_MESSAGE(position < parameters.size(), "more arguments than known, of " << call.text);
        add(parameters[position++], item);
      }
    }
  }

  bool has(const std::string& name) const { return values_.contains(name); }

  ForeignValue take(const std::string& name) {
    const auto found = values_.find(name);
    REQUIRE_MESSAGE(found != values_.end(), "no argument " << name);
    ForeignValue value = std::move(found->second);
    values_.erase(found);
    return value;
  }

  std::string text(const std::string& name) { return has(name) ? take(name).text : ""; }

  void check_all_taken() const {
    for (const auto& [name, value] : values_) FAIL("an argument that is not known: " << name);
  }

 private:
  static bool is_option(const std::string& name) { return name == "timestamp" || name == "date_happened"; }

  void add_named(const ForeignValue& item) {
    static const std::map<std::string, std::string> synonyms{
        {"sample_rate", "rate"}, {"dimensions", "tags"}, {"date_happened", "timestamp"}};
    const auto found = synonyms.find(item.key);
    add(found == synonyms.end() ? item.key : found->second, item);
  }

  void add(const std::string& name, const ForeignValue& value) {
    REQUIRE_MESSAGE(values_.emplace(name, value).second, "an argument given twice: " << name);
  }

  std::map<std::string, ForeignValue> values_;
};

inline double real_of(const ForeignValue& value) {
  REQUIRE_MESSAGE(value.kind == ForeignValue::Kind::number, "not a number: '" << value.text << "'");
  return std::visit([](auto number) { return static_cast<double>(number); }, value.number);
}

/// Unix seconds: a number, or `new Date(milliseconds)`.
inline std::int64_t timestamp_of(const ForeignValue& value) {
  if (value.kind == ForeignValue::Kind::number) return std::get<std::int64_t>(value.number);
  REQUIRE_MESSAGE((value.text == "Date" && value.items.size() == 1), "not a date: " << value.text);
  return std::get<std::int64_t>(value.items[0].number) / 1000;
}

/// `['a:b','label']`, `{a:'b'}`.
inline aggregate::Context::OwnedTags tags_of(const ForeignValue& value) {
  aggregate::Context::OwnedTags tags;
  for (const ForeignValue& item : value.items) {
    const std::string& text = item.text;
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (!item.key.empty()) {
      tags.emplace_back(item.key, text);
    } else {
      tags.emplace_back(text.substr(0, colon), text.substr(std::min(colon + 1, text.size())));
    }
  }
  return tags;
}

/// Makes the calls on our client, or on a scope of it.
template <class Statsd>
class ForeignReplay {
 public:
  ForeignReplay(Statsd& statsd, const ForeignClient& client, const ForeignReceiver& receiver)
      : statsd_{statsd}, client_{client}, receiver_{receiver} {}

  void run(const ForeignValue& call, const std::string& function) {
    if (function == "event" || function == "Event") return event(call);
    if (function == "check" || function == "Check") return check(call);
    std::vector<std::string> parameters{"name", "value", "rate"};
    const bool by_one = client_.increments_by_one && (function == "increment" || function == "decrement");
    if (by_one) parameters.erase(parameters.begin() + 1);
    if (!receiver_.metric.empty()) parameters.erase(parameters.begin());
    ForeignArguments arguments{call, parameters};
    for (const std::string& name : names(arguments)) {
      ForeignArguments copy = arguments;
      sample(function, name + receiver_.suffix, copy);
    }
  }

 private:
  using Kind = ForeignValue::Kind;

  std::vector<std::string> names(ForeignArguments& arguments) const {
    if (!receiver_.metric.empty()) return {receiver_.metric};
    const ForeignValue name = arguments.take("name");
    if (name.kind == Kind::text) return {name.text};
    REQUIRE(name.kind == Kind::list);
    std::vector<std::string> names;
    for (const ForeignValue& item : name.items) names.push_back(item.text);
    return names;
  }

  void sample(const std::string& function, const std::string& name, ForeignArguments& arguments) {
    const auto tags = arguments.has("tags") ? tags_of(arguments.take("tags")) : no_tags;
    MetricOptions options;
    for (const auto& [key, value] : tags) options.tags.add({key, value});
    if (arguments.has("rate")) options.rate = real_of(arguments.take("rate"));
    if (arguments.has("timestamp")) options.timestamp = timestamp_of(arguments.take("timestamp"));
    const bool is_delta = arguments.text("delta") == "True";
    const ForeignValue value = arguments.has("value")
                                   ? arguments.take("value")
                                   : ForeignValue{.kind = Kind::number, .number = std::int64_t{1}};
    arguments.check_all_taken();
    send(is_delta ? "gaugeDelta" : function, name, value, options);
  }

  void send(const std::string& function, const std::string& name, const ForeignValue& value,
            const MetricOptions& options) {
    const auto is = [&](const auto&... names) { return ((function == names) || ...); };
    const auto with = [&](auto&& use) {
      real_of(value);  // refuses what is none
      std::visit(use, value.number);
    };
    if (is("increment", "incr", "count", "counter", "update_stats", "CountingMetric")) {
      with([&](auto number) { statsd_.increment(name, number, options); });
    } else if (is("decrement", "decr")) {
      with([&](auto number) { statsd_.decrement(name, number, options); });
    } else if (is("gauge") && value.kind == Kind::text) {  // `+5`, which is a change
      REQUIRE(value.text.starts_with('+'));
      statsd_.gauge_delta(name, std::stoll(value.text), options.tags);
    } else if (is("gauge", "send", "GaugeMetric")) {
      with([&](auto number) { statsd_.gauge(name, number, options); });
    } else if (is("gaugeDelta")) {
      with([&](auto number) { statsd_.gauge_delta(name, number, options.tags); });
    } else if (is("timing", "TimingMetric")) {
      time(name, value, options);
    } else if (is("set", "unique", "SetMetric") && value.kind == Kind::text) {
      statsd_.set(name, value.text, options);
    } else if (is("set", "unique", "SetMetric")) {
      with([&](auto number) { statsd_.set(name, number, options); });
    } else if (is("histogram", "HistogramMetric")) {
      with([&](auto number) { statsd_.histogram(name, number, options); });
    } else if (is("distribution")) {
      with([&](auto number) { statsd_.distribution(name, number, options); });
    } else {
      FAIL("a function that is not known: " << function);
    }
  }

  /// A number of milliseconds, or Python's `datetime.timedelta(seconds=1.5)`.
  void time(const std::string& name, const ForeignValue& value, const MetricOptions& options) {
    if (value.kind == Kind::call) {
      REQUIRE((value.text == "datetime.timedelta" && value.items.size() == 1));
      REQUIRE(value.items[0].key == "seconds");
      return statsd_.timing(name, std::chrono::duration<double>{real_of(value.items[0])}, options);
    }
    statsd_.timing(name, std::chrono::duration<double, std::milli>{real_of(value)}, options);
  }

  void event(const ForeignValue& call) {
    static const std::map<std::string, AlertType> alert_types{{"", AlertType::info},
                                                              {"info", AlertType::info},
                                                              {"success", AlertType::success},
                                                              {"warning", AlertType::warning},
                                                              {"error", AlertType::error}};
    static const std::map<std::string, EventPriority> priorities{
        {"", EventPriority::normal}, {"normal", EventPriority::normal}, {"low", EventPriority::low}};
    ForeignArguments arguments{call, {"title", "text"}};
    const std::string title = arguments.text("title"), text = arguments.text("text"),
                      hostname = arguments.text("hostname"), key = arguments.text("aggregation_key"),
                      source_type = arguments.text("source_type_name");
    const auto tags = arguments.has("tags") ? tags_of(arguments.take("tags")) : no_tags;
    Event event{.title = title, .text = text, .hostname = hostname, .aggregation_key = key};
    event.source_type = source_type;
    for (const auto& [name, value] : tags) event.tags.add({name, value});
    if (arguments.has("timestamp")) event.timestamp = timestamp_of(arguments.take("timestamp"));
    event.priority = priorities.at(arguments.text("priority"));
    event.alert_type = alert_types.at(arguments.text("alert_type"));
    arguments.check_all_taken();
    statsd_.event(event);
  }

  void check(const ForeignValue& call) {
    static const std::map<std::string, CheckStatus> statuses{{"c.CHECKS.OK", CheckStatus::ok},
                                                             {"c.CHECKS.CRITICAL", CheckStatus::critical},
                                                             {"critical", CheckStatus::critical}};
    ForeignArguments arguments{call, {"name", "status"}};
    const std::string name = arguments.text("name"), hostname = arguments.text("hostname"),
                      message = arguments.text("message");
    const auto tags = arguments.has("tags") ? tags_of(arguments.take("tags")) : no_tags;
    ServiceCheck check{.name = name, .hostname = hostname, .message = message};
    check.status = statuses.at(arguments.text("status"));
    for (const auto& [key, value] : tags) check.tags.add({key, value});
    if (arguments.has("timestamp")) check.timestamp = timestamp_of(arguments.take("timestamp"));
    arguments.check_all_taken();
    statsd_.service_check(check);
  }

  static inline const aggregate::Context::OwnedTags no_tags{};

  Statsd& statsd_;
  const ForeignClient& client_;
  const ForeignReceiver& receiver_;
};

}  // namespace statwire::test
