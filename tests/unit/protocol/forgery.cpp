// No string that a program hands in can forge anything: whatever bytes stand in prefixes, names, tags,
// members, events and service checks, what the server reads is what was sent. Random calls go through a
// client of every profile and delivery, and a parser that shares no code with the writers reads the datagrams
// back.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/clean.hpp"
#include "statwire/statsd.hpp"
#include "statwire/testing/captured.hpp"
#include "support/random_bytes.hpp"

namespace {

using namespace std::string_view_literals;
using namespace statwire;
using namespace statwire::testing;
using Statsd = StatsdClient<MemoryTransport>;
using Texts = std::vector<std::pair<std::string, std::string>>;

constexpr Profile all_profiles[] = {
    profiles::etsy,     profiles::dogstatsd, profiles::telegraf,   profiles::statsd_exporter,
    profiles::otel,     profiles::vector,    profiles::cloudwatch, profiles::graphite,
    profiles::signalfx, profiles::librato};  // pystatsd is etsy with other numbers

/// Keeps every sample, so that a rate changes what is written and not whether.
std::uint64_t keep_all() noexcept {
  return 0;
}

// -- what the bytes become: from the documentation of the calls --------------------------------------------

std::string clean_name(std::string_view text) {
  std::string clean(text.size(), '\0');
  protocol::copy_clean_name(clean.data(), text);
  return clean;
}

/// Where there are service checks, no metric begins like one.
std::string full_name(std::string name, const Profile& profile) {
  if (profile.events && name.starts_with("_sc")) name[0] = '-';
  return name;
}

std::string clean_member(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == ':' || c == '|') c = '_';
  }
  return text;
}

std::string clean_text(std::string text) {
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f || c == '|') c = '_';
  }
  return text;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::string clean_prefix(std::string_view prefix) {
  while (prefix.ends_with('.')) prefix.remove_suffix(1);
  return prefix.empty() ? "" : clean_name(prefix) + ".";
}

/// Those of the inner context, and of the outer one those with other keys.
Texts merged(const Texts& outer, const Texts& inner) {
  Texts all = inner;
  for (const auto& tag : outer) {
    const auto replaces = [&](const auto& other) { return other.first == tag.first; };
    if (std::none_of(inner.begin(), inner.end(), replaces)) all.push_back(tag);
  }
  return all;
}

CapturedTags clean_tags(const Texts& tags, const Profile& profile) {
  CapturedTags clean;
  for (const auto& [key, value] : tags) {
    if (key.empty()) continue;
    std::string clean_key(key.size(), '\0');
    protocol::copy_clean_tag_key(clean_key.data(), key);
    const std::string full = !value.empty() || profile.labels ? value : "true";
    std::string clean_value(full.size(), '\0');
    protocol::copy_clean_tag_value(clean_value.data(), full, profile);
    clean.emplace_back(std::move(clean_key), std::move(clean_value));
  }
  std::sort(clean.begin(), clean.end());
  return clean;
}

TagList view_of(const Texts& tags) {
  TagList list;
  for (const auto& [key, value] : tags) list.add({key, value});
  return list;
}

// -- a client, random calls, and what they are to be read as
// -------------------------------------------------

class Round {
 public:
  Round(const Profile& profile, Delivery delivery, std::uint64_t seed, std::size_t max_packet_bytes)
      : random_{seed},
        profile_{profile},
        delivery_{delivery},
        prefix_{text(6)},
        tags_{tags(2)},
        statsd_{MemoryTransport{},
                {.prefix = prefix_,
                 .tags = {tags_.begin(), tags_.end()},
                 .profile = profile,
                 .delivery = delivery,
                 .max_packet_bytes = max_packet_bytes,
                 .flush = Flush::manual,
                 .max_series = 64,
                 .random = &keep_all}} {}

  void run() {
    const std::string scope_name = text(4);
    const Texts scope_tags = tags(2);
    auto scope = statsd_.scope(scope_name, {.tags = view_of(scope_tags)});
    const std::string prefix = clean_prefix(prefix_);
    const Texts all_tags = merged(tags_, scope_tags);
    for (std::size_t calls = random_.up_to(7); calls != 0; --calls) {
      if (random_.up_to(1) == 0) {
        call(statsd_, prefix, tags_);
      } else {
        call(scope, clean_prefix(prefix + scope_name), all_tags);
      }
    }
    statsd_.flush();
  }

  const Statsd& statsd() const { return statsd_; }
  const CapturedLines& expected() const { return expected_; }

 private:
  /// Text that is random, or an attempt at a line or a field of its own.
  std::string text(std::size_t max_length) {
    constexpr std::array attempts{"_sc"sv,    "\nsc|up|0"sv, "_e{1,1}:a|b"sv, "a:1|c\nb"sv, "x|#k:v"sv,
                                  "m:|m:x"sv, "\\n"sv,       "[k=v]"sv,       ";k=v"sv,     "~"sv};
    if (random_.up_to(5) == 0) return std::string{attempts[random_.up_to(attempts.size() - 1)]};
    return random_.string(max_length);
  }

  Texts tags(std::size_t most) {
    Texts tags;
    for (std::size_t i = random_.up_to(most); i != 0; --i) tags.emplace_back(text(4), text(6));
    return tags;
  }

  template <class Calls>
  void call(Calls& calls, const std::string& prefix, const Texts& outer) {
    const std::string name = text(10);
    const Texts inner = tags(3);
    const auto number = static_cast<int>(random_.up_to(98)) + 1;
    CapturedSample sample{.name = full_name(prefix + clean_name(name), profile_),
                          .tags = clean_tags(merged(outer, inner), profile_)};
    const auto value = [&](SampleType type, std::string text, double as_number, bool is_relative = false) {
      sample.type = type;
      sample.values = {{std::move(text), as_number, is_relative}};
      if (!name.empty()) expected_.samples.push_back(sample);
    };
    switch (random_.up_to(8)) {
      case 0:
        return count(calls, name, inner, number, std::move(sample));
      case 1: {
        Counter counter = calls.counter(name, {.tags = view_of(inner)});
        counter.increment(number);
        return value(SampleType::counter, std::to_string(number), number);
      }
      case 2:
        calls.gauge(name, -number, {.tags = view_of(inner)});
        if (profile_.signed_gauges) value(SampleType::gauge, "0", 0);
        gauges_[{sample.name, sample.tags}] = -number;
        return value(SampleType::gauge, std::to_string(-number), -number, profile_.signed_gauges);
      case 3: {
        calls.gauge_delta(name, number, view_of(inner));
        if (profile_.signed_gauges)
          return value(SampleType::gauge, "+" + std::to_string(number), number, true);
        if (delivery_ == Delivery::immediate) return;  // it keeps no sum, which is what would be sent
        const int sum = gauges_[{sample.name, sample.tags}] += number;
        return value(SampleType::gauge, std::to_string(sum), sum);
      }
      case 4:
        calls.timing(name, std::chrono::milliseconds{number}, {.tags = view_of(inner)});
        return value(SampleType::timing, std::to_string(number), number);
      case 5:
        calls.histogram(name, number, {.tags = view_of(inner)});
        return value(histogram_type(), std::to_string(number), number);
      case 6:
        calls.distribution(name, number, {.tags = view_of(inner)});
        return value(profile_.distributions ? SampleType::distribution : histogram_type(),
                     std::to_string(number), number);
      case 7: {
        const std::string member = text(10);
        calls.set(name, member, {.tags = view_of(inner)});
        if (profile_.sets && !member.empty()) value(SampleType::set, clean_member(member), 0);
        return;
      }
      default:
        return random_.up_to(1) == 0 ? event(calls, name, outer, inner) : check(calls, name, outer, inner);
    }
  }

  template <class Calls>
  void count(Calls& calls, const std::string& name, const Texts& inner, int number, CapturedSample sample) {
    const double rate = random_.up_to(1) == 0 ? 1 : 0.5;
    const std::int64_t timestamp = random_.up_to(1) == 0 ? 0 : 1'700'000'000;
    calls.increment(name, number, {.tags = view_of(inner), .rate = rate, .timestamp = timestamp});
    if (name.empty() || (timestamp != 0 && !profile_.timestamps)) return;
    sample.values = {{std::to_string(number), static_cast<double>(number)}};
    sample.timestamp = timestamp;
    const bool is_summed = delivery_ == Delivery::aggregated && timestamp == 0;
    if (!is_summed) sample.rate = rate;
    expected_.samples.push_back(std::move(sample));
  }

  template <class Calls>
  void event(Calls& calls, const std::string& title, const Texts& outer, const Texts& inner) {
    const std::string body = text(20), host = text(5), key = text(5), source = text(5);
    calls.event({.title = title,
                 .text = body,
                 .timestamp = 5,
                 .hostname = host,
                 .aggregation_key = key,
                 .priority = EventPriority::low,
                 .source_type = source,
                 .alert_type = AlertType::warning,
                 .tags = view_of(inner)});
    if (!profile_.events || title.empty()) return;
    expected_.events.push_back({.title = replaced(clean_text(title), "\\n", "\n"),
                                .text = replaced(clean_text(body), "\\n", "\n"),
                                .timestamp = 5,
                                .hostname = clean_member(host),
                                .aggregation_key = clean_member(key),
                                .priority = EventPriority::low,
                                .source_type = clean_member(source),
                                .alert_type = AlertType::warning,
                                .tags = clean_tags(merged(outer, inner), profile_)});
  }

  template <class Calls>
  void check(Calls& calls, const std::string& name, const Texts& outer, const Texts& inner) {
    const std::string host = text(5), message = text(20);
    calls.service_check({.name = name,
                         .status = CheckStatus::critical,
                         .hostname = host,
                         .message = message,
                         .tags = view_of(inner)});
    if (!profile_.events || name.empty()) return;
    const std::string one_line = replaced(clean_text(replaced(message, "m:", "m\\:")), "\n", "\\n");
    expected_.service_checks.push_back({.name = clean_member(name),
                                        .status = CheckStatus::critical,
                                        .hostname = clean_member(host),
                                        .tags = clean_tags(merged(outer, inner), profile_),
                                        .message = one_line});
  }

  SampleType histogram_type() const {
    return profile_.histograms ? SampleType::histogram : SampleType::timing;
  }

  test::RandomBytes random_;
  Profile profile_;
  Delivery delivery_;
  std::string prefix_;
  Texts tags_;
  Statsd statsd_;
  CapturedLines expected_;
  std::map<std::pair<std::string, CapturedTags>, int> gauges_;
};

/// All that a line says.
std::string text_of(const std::vector<CapturedSample>& samples) {
  std::string text;
  for (const CapturedSample& sample : samples) {
    text += testing::detail::series_text(sample.type, sample.name, sample.tags);
    for (const CapturedValue& value : sample.values) {
      text += (value.is_relative ? " changed by " : " ") + testing::detail::printable(value.text) + " " +
              testing::detail::number_text(value.number);
    }
    text += " @" + testing::detail::number_text(sample.rate) + " T" + std::to_string(sample.timestamp) + "\n";
  }
  return text;
}

/// What the server has of each series in the end, as text, in an order that no flush changes.
std::vector<std::string> totals(const std::vector<CapturedSample>& samples) {
  std::vector<std::string> totals;
  for (testing::detail::CapturedSeries& series : testing::detail::series_of(samples)) {
    std::sort(series.tally.values.begin(), series.tally.values.end());
    series.tally.was_set = true;  // the sum of a change and a value is a value
    totals.push_back(series.text());
  }
  std::sort(totals.begin(), totals.end());
  return totals;
}

void check_delivery(const Statsd& statsd, std::size_t max_packet_bytes) {
  for (const std::string& datagram : statsd.transport().datagrams())
    CHECK(datagram.size() <= max_packet_bytes);
  const DeliveryStats stats = statsd.stats();
  CHECK(stats.accepted == stats.sent + stats.sampled_out + stats.dropped() + stats.pending);
  CHECK(stats.pending == 0);
}

/// Calls `body(profile, delivery, seed)` for all of them.
template <class Body>
void for_each_round(std::size_t rounds, Body&& body) {
  std::uint64_t seed = 1;
  for (const Profile& profile : all_profiles) {
    for (const Delivery delivery : {Delivery::immediate, Delivery::buffered, Delivery::aggregated}) {
      for (std::size_t i = 0; i < rounds; ++i, ++seed) {
        CAPTURE(profile.name);
        CAPTURE(static_cast<int>(delivery));
        CAPTURE(seed);
        body(profile, delivery, seed);
      }
    }
  }
}

}  // namespace

TEST_CASE("forgery: whatever bytes come in, the server reads what was sent and nothing else") {
  for_each_round(100, [](const Profile& profile, Delivery delivery, std::uint64_t seed) {
    constexpr std::size_t limit = 1432;
    Round round{profile, delivery, seed, limit};
    round.run();
    check_delivery(round.statsd(), limit);
    const Captured captured{round.statsd().transport(), profile};
    // Sums leave with the flush, and lines at once; changes of gauges are sums where the server knows none.
    const bool has_sums =
        delivery == Delivery::aggregated || (delivery == Delivery::buffered && !profile.signed_gauges);
    if (has_sums) {
      CHECK(totals(captured.samples()) == totals(round.expected().samples));
    } else {
      CHECK(text_of(captured.samples()) == text_of(round.expected().samples));
    }
    CHECK((captured.events() == round.expected().events));
    CHECK((captured.service_checks() == round.expected().service_checks));
    CHECK(round.statsd().stats().dropped_oversize == 0);
  });
}

TEST_CASE("forgery: what does not fit into small datagrams is dropped whole") {
  for_each_round(30, [](const Profile& profile, Delivery delivery, std::uint64_t seed) {
    const auto limit = static_cast<std::size_t>(16 + seed % 60);
    Round round{profile, delivery, seed, limit};
    round.run();
    check_delivery(round.statsd(), limit);
    const Captured captured{round.statsd().transport(), profile};
    const auto is_known = [](const auto& all, const auto& one) {
      return std::find(all.begin(), all.end(), one) != all.end();
    };
    for (const CapturedSample& sample : captured.samples()) {
      CHECK(std::any_of(
          round.expected().samples.begin(), round.expected().samples.end(), [&](const auto& other) {
            return other.type == sample.type && other.name == sample.name && other.tags == sample.tags;
          }));
    }
    for (const auto& event : captured.events()) CHECK(is_known(round.expected().events, event));
    for (const auto& check : captured.service_checks())
      CHECK(is_known(round.expected().service_checks, check));
  });
}
