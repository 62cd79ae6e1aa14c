#pragma once

// What a client sent, as its server would understand it, for tests of code that is measured. Works in
// doctest, Catch2 and GoogleTest alike and includes none of them.
//
//   statwire::StatsdClient statsd{statwire::testing::MemoryTransport{}, {.flush = statwire::Flush::manual}};
//   code_under_test(statsd);
//   statsd.flush();
//   statwire::testing::Captured captured{statsd.transport()};
//   CHECK(captured.counter("hits", {{"route", "/a"}}) == 3);
//
// A check that fails prints what was sent, or what is much like it:
//
//   nothing sent for counter hits{route=/a}; sent were: counter hits{route=/b} = 2, counter hit = 1

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "statwire/detail/fail.hpp"
#include "statwire/protocol/profile.hpp"
#include "statwire/protocol/text.hpp"
#include "statwire/testing/captured_sample.hpp"
#include "statwire/testing/memory_transport.hpp"
#include "statwire/testing/near_misses.hpp"
#include "statwire/testing/parse_samples.hpp"
#include "statwire/testing/sent.hpp"
#include "statwire/testing/tag_query.hpp"
#include "statwire/testing/tally.hpp"

namespace statwire::testing {

/// A snapshot of what was sent. Flush before it is taken: it does not see what comes later.
///
/// Names and tags are those on the wire, the prefix included. Tags name one series: `{{"route", "/a"}}` is
/// the one that has this tag and no other, and no tags is the one without; including() asks for all series
/// that have some tags. The answers are copies. Every call takes time in proportion to what was sent.
///
/// Threads: one at a time, or any number that only ask.
class Captured {
 public:
  /// What a client has sent, whose options have this profile. Throws ClientError (a std::runtime_error) that
  /// names the datagram, the line and the byte, when that profile's server would not understand all of it.
  explicit Captured(const MemoryTransport& transport, const Profile& profile = profiles::etsy)
      : Captured{std::span{transport.datagrams()}, profile} {}

  /// The same for datagrams from elsewhere.
  explicit Captured(std::span<const std::string> datagrams, const Profile& profile = profiles::etsy)
      : profile_{profile} {
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
      if (const auto fault = parse_samples(datagrams[i], profile_, lines_)) {
        fail(i + 1, datagrams[i], *fault);
      }
    }
  }

  /// The sum that the server counts: a value that was sent at a rate of one in N counts N times.
  SentNumber counter(std::string_view name, const TagQuery& tags = {}) const {
    const detail::Tally tally = tally_of(SampleType::counter, name, tags);
    return {answer(SampleType::counter, name, tags, tally), tally.sum};
  }

  /// The value that the gauge has in the end. Changes apply to what was set before, or to zero.
  SentNumber gauge(std::string_view name, const TagQuery& tags = {}) const {
    const detail::Tally tally = tally_of(SampleType::gauge, name, tags);
    return {answer(SampleType::gauge, name, tags, tally), tally.gauge};
  }

  SentTimings timing(std::string_view name, const TagQuery& tags = {}) const {
    return samples_of<SentTimings>(SampleType::timing, name, tags);
  }

  /// Where the profile has no histograms, these are the timings that were sent in their place.
  SentValues histogram(std::string_view name, const TagQuery& tags = {}) const {
    return samples_of<SentValues>(histogram_type(), name, tags);
  }

  /// Where the profile has no distributions, these are what histogram() gives.
  SentValues distribution(std::string_view name, const TagQuery& tags = {}) const {
    return samples_of<SentValues>(profile_.distributions ? SampleType::distribution : histogram_type(), name,
                                  tags);
  }

  SentSet set(std::string_view name, const TagQuery& tags = {}) const {
    detail::Tally tally = tally_of(SampleType::set, name, tags);
    return {answer(SampleType::set, name, tags, tally), std::move(tally.members)};
  }

  /// Everything that has none of these names (of an event, its title): `CHECK(captured.other_than({"hits",
  /// "latency"}) == nothing)`.
  Sent other_than(std::initializer_list<std::string_view> names) const {
    const auto is_other = [&](std::string_view name) {
      return std::find(names.begin(), names.end(), name) == names.end();
    };
    std::string others = text_of(is_other);
    if (others.empty()) return {false, "nothing else sent"};
    return {true, "sent as well: " + std::move(others)};
  }

  /// Whether nothing at all was sent.
  bool is_empty() const noexcept {
    return lines_.samples.empty() && lines_.events.empty() && lines_.service_checks.empty();
  }

  /// Every line, in the order in which it was sent.
  const std::vector<CapturedSample>& samples() const noexcept { return lines_.samples; }
  const std::vector<CapturedEvent>& events() const noexcept { return lines_.events; }
  const std::vector<CapturedCheck>& service_checks() const noexcept { return lines_.service_checks; }

  friend bool operator==(const Captured& captured, Nothing) noexcept { return captured.is_empty(); }

  friend std::ostream& operator<<(std::ostream& out, const Captured& captured) {
    if (captured.is_empty()) return out << nothing;
    return out << captured.text_of([](std::string_view) { return true; });
  }

 private:
  [[noreturn]] void fail(std::size_t number, std::string_view datagram, const SyntaxFault& fault) const {
    std::string_view line;
    for (std::size_t i = 0; i < fault.line; ++i) line = protocol::take_until(datagram, '\n');
    statwire::detail::fail(std::make_error_code(std::errc::bad_message),
                           "statwire: a server of the profile '" + std::string{profile_.name} +
                               "' would not understand '" + detail::printable(line) + "' (datagram " +
                               std::to_string(number) + ", " + fault.text() + ")");
  }

  SampleType histogram_type() const noexcept {
    return profile_.histograms ? SampleType::histogram : SampleType::timing;
  }

  detail::Tally tally_of(SampleType type, std::string_view name, const TagQuery& tags) const {
    detail::Tally tally;
    for (const CapturedSample& sample : lines_.samples) {
      if (sample.type == type && sample.name == name && tags.matches(sample.tags)) tally.add(sample);
    }
    return tally;
  }

  template <class Answer>
  Answer samples_of(SampleType type, std::string_view name, const TagQuery& tags) const {
    detail::Tally tally = tally_of(type, name, tags);
    const Sent sent = answer(type, name, tags, tally);
    return {sent, std::move(tally.values), tally.count};
  }

  Sent answer(SampleType type, std::string_view name, const TagQuery& tags,
              const detail::Tally& tally) const {
    const bool was_sent = tally.samples != 0;
    const std::string series =
        detail::series_text(type, name, tags.tags(), tags.is_partial() ? "..." : std::string_view{});
    std::string text = was_sent ? series + " = " + tally.text(type) : "nothing sent for " + series;
    const std::string misses = detail::near_misses(lines_.samples, type, name, tags);
    if (!misses.empty()) {
      text += (was_sent ? "; sent as well: " : "; sent were: ") + misses;
    } else if (is_empty()) {
      text += ", nor anything else: is there a flush() before the capture?";
    } else if (!was_sent) {
      text += ", nor anything like it";
    }
    return {was_sent, std::move(text)};
  }

  /// Everything whose name is wanted, as text; empty when there is nothing.
  template <class Wanted>
  std::string text_of(Wanted&& is_wanted) const {
    std::vector<std::string> texts;
    for (const detail::CapturedSeries& series : detail::series_of(lines_.samples)) {
      if (is_wanted(series.name)) texts.push_back(series.text());
    }
    for (const CapturedEvent& event : lines_.events) {
      if (is_wanted(event.title)) texts.push_back("event " + detail::printable(event.title));
    }
    for (const CapturedCheck& check : lines_.service_checks) {
      if (is_wanted(check.name)) texts.push_back("service check " + detail::printable(check.name));
    }
    return detail::list_of(texts);
  }

  Profile profile_;
  CapturedLines lines_;
};

}  // namespace statwire::testing
