#pragma once

// Writes StatsD lines: `name:value|type`, for a sampled metric `|@rate`, and tags where the profile has them.
// One call writes one sample into a buffer of the caller, without the line feed that joins lines in a
// datagram; it writes nothing when the sample does not fit. Names and set members are cleaned here
// (clean.hpp), so a line is one line whatever they hold. Source: statsd/statsd docs/metric_types.md.

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "statwire/detail/copy.hpp"
#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/profile.hpp"
#include "statwire/protocol/tag.hpp"

namespace statwire::protocol {

/// A line is never longer than this, whatever the transport allows.
inline constexpr std::size_t max_statsd_line_bytes = 8192;

/// What every kind of line begins and ends with.
struct LineHead {
  std::string_view prefix{};  ///< Clean already, with its final dot; may be empty.
  std::string_view name{};    ///< As the caller gave it.
  double rate = 1;            ///< Share of the samples that are sent; printed when below 1.
  const Profile* profile = &profiles::etsy;
  std::span<const Tag> constant_tags{};  ///< Of the client and the scope ...
  std::span<const Tag> tags{};           ///< ... and of the call, which replace those with the same key.
  std::int64_t timestamp = 0;            ///< Unix seconds; 0 is none.
};

namespace detail {

/// Appends to a buffer of fixed size; what would not fit is left out and remembered.
class LineCursor {
 public:
  explicit LineCursor(std::span<char> buffer) noexcept
      : begin_{buffer.data()}, next_{begin_}, end_{begin_ + buffer.size()} {}

  LineCursor& raw(std::string_view text) noexcept {
    if (reserve(text.size())) next_ = statwire::detail::copy_text(next_, text);
    return *this;
  }

  /// A literal: its length is known, so its copy is a store or two.
  template <std::size_t Size>
  LineCursor& raw(const char (&text)[Size]) noexcept {
    if (reserve(Size - 1)) {
      std::memcpy(next_, text, Size - 1);
      next_ += Size - 1;
    }
    return *this;
  }

  /// The name, with the tags where the dialect has them there.
  LineCursor& name(const LineHead& head) noexcept {
    char* const begin = next_;
    raw(head.prefix);
    if (reserve(head.name.size())) next_ = copy_clean_name(next_, head.name);
    // The agent takes every line that begins with `_sc` for a service check; Datadog makes `-` a `_`.
    if (head.profile->events && std::string_view{begin, next_}.starts_with("_sc")) *begin = '-';
    switch (head.profile->tags) {
      case TagSyntax::dogstatsd:
        return *this;
      case TagSyntax::influx:
        return tags(head, {.first = ",", .separator = ",", .assign = "="});
      case TagSyntax::graphite:
        return tags(head, {.first = ";", .separator = ";", .assign = "="});
      case TagSyntax::signalfx:
        return tags(head, {.first = "[", .separator = ",", .assign = "=", .last = "]"});
      case TagSyntax::librato:
        return tags(head, {.first = "#", .separator = ",", .assign = "="});
    }
    return *this;
  }

  /// What follows the value: the type, the rate, the tags where they stand at the end, the timestamp.
  LineCursor& tail(std::string_view type, const LineHead& head) noexcept {
    raw("|").raw(type);
    if (head.rate < 1) raw("|@").number(Number{head.rate});
    end_tags(head);
    if (head.timestamp != 0) raw("|T").number(Number{head.timestamp});
    return *this;
  }

  LineCursor& end_tags(const LineHead& head) noexcept {
    if (head.profile->tags != TagSyntax::dogstatsd) return *this;
    return tags(head, {.first = "|#", .separator = ",", .assign = ":"});
  }

  LineCursor& member(std::string_view text) noexcept {
    if (reserve(text.size())) next_ = copy_clean_member(next_, text);
    return *this;
  }

  /// Free text, in which a line feed becomes the two characters `\\n`.
  LineCursor& escaped(std::string_view text) noexcept {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\n') {
        raw("\\n");
      } else {
        const char clean = byte < 0x20 || byte == 0x7f || c == '|' ? '_' : c;
        raw({&clean, 1});
      }
    }
    return *this;
  }

  /// Writes text that takes at most max_number_chars: straight into the line when there is room for the
  /// longest, else aside first.
  template <std::invocable<char*> Write>
  LineCursor& number(Write&& write) noexcept {
    if (static_cast<std::size_t>(end_ - next_) >= max_number_chars) {
      next_ = write(next_);
      return *this;
    }
    char text[max_number_chars];
    return raw({text, static_cast<std::size_t>(write(text) - text)});
  }

  LineCursor& number(Number value, Decimals decimals = Decimals::fewest) noexcept {
    return number([&](char* out) { return value.write(out, decimals); });
  }

  bool has_overflowed() const noexcept { return overflowed_; }

  /// The bytes written, or 0 when something did not fit.
  std::size_t size() const noexcept { return overflowed_ ? 0 : static_cast<std::size_t>(next_ - begin_); }

 private:
  struct TagMarks {
    std::string_view first, separator, assign, last{};
  };

  LineCursor& tags(const LineHead& head, const TagMarks& marks) noexcept {
    if (head.constant_tags.empty() && head.tags.empty()) return *this;
    bool any = false;
    const auto add = [&](const Tag& tag) {
      if (tag.key.empty()) return;
      raw(any ? marks.separator : marks.first);
      any = true;
      if (reserve(tag.key.size())) next_ = copy_clean_tag_key(next_, tag.key);
      const bool is_label = tag.value.empty();
      if (is_label && head.profile->labels) return;
      raw(marks.assign);
      const std::string_view value = is_label ? std::string_view{"true"} : tag.value;
      if (reserve(value.size())) next_ = copy_clean_tag_value(next_, value, *head.profile);
    };
    for (const Tag& tag : head.constant_tags) {
      const bool replaced = std::any_of(head.tags.begin(), head.tags.end(),
                                        [&](const Tag& other) { return other.key == tag.key; });
      if (!replaced) add(tag);
    }
    for (const Tag& tag : head.tags) add(tag);
    return any ? raw(marks.last) : *this;
  }

  bool reserve(std::size_t bytes) noexcept {
    if (bytes > static_cast<std::size_t>(end_ - next_)) overflowed_ = true;
    return !overflowed_;
  }

  char* begin_;
  char* next_;
  char* end_;
  bool overflowed_ = false;
};

}  // namespace detail

/// How many bytes LineCursor::escaped() writes.
inline std::size_t escaped_size(std::string_view text) noexcept {
  return text.size() + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Writes `name:3|c`. Like all writers here: returns the bytes written, 0 when they do not fit; the number is
/// finite.
inline std::size_t write_counter(std::span<char> out, const LineHead& head, Number value) noexcept {
  return detail::LineCursor{out}.name(head).raw(":").number(value).tail("c", head).size();
}

/// Writes `name:42|g`, the absolute value. A server that takes a leading sign for a change is first set to
/// zero by a line of its own, `name:0|g\nname:-5|g`: two lines that must travel in one datagram. The pair
/// carries no rate.
inline std::size_t write_gauge(std::span<char> out, LineHead head, Number value) noexcept {
  detail::LineCursor line{out};
  if (value.is_negative() && head.profile->signed_gauges) {
    head.rate = 1;
    line.name(head).raw(":0").tail("g", head).raw("\n");
  }
  return line.name(head).raw(":").number(value, head.profile->decimals).tail("g", head).size();
}

/// Writes a relative gauge, `name:+3|g` or `name:-3|g`; the sign is what makes it relative.
inline std::size_t write_gauge_delta(std::span<char> out, const LineHead& head, Number delta) noexcept {
  return detail::LineCursor{out}
      .name(head)
      .raw(delta.is_negative() ? ":" : ":+")
      .number(delta, head.profile->decimals)
      .tail("g", head)
      .size();
}

/// Writes `name:0.25|ms`. The duration is not negative.
inline std::size_t write_timing(std::span<char> out, const LineHead& head,
                                std::chrono::nanoseconds duration) noexcept {
  return detail::LineCursor{out}
      .name(head)
      .raw(":")
      .number([&](char* text) { return write_milliseconds(text, duration, head.profile->decimals); })
      .tail("ms", head)
      .size();
}

/// The type that a histogram has on the wire: `h`, or `ms` where there is none.
inline std::string_view histogram_type(const Profile& profile) noexcept {
  return profile.histograms ? "h" : "ms";
}

/// The type that a distribution has on the wire: `d`, or what a histogram has.
inline std::string_view distribution_type(const Profile& profile) noexcept {
  return profile.distributions ? "d" : histogram_type(profile);
}

/// Writes `name:3.5|h`, `|d` or `|ms`: a value of the given type.
inline std::size_t write_value(std::span<char> out, const LineHead& head, Number value,
                               std::string_view type) noexcept {
  return detail::LineCursor{out}.name(head).raw(":").number(value).tail(type, head).size();
}

/// Writes `name:alice|s`.
inline std::size_t write_set(std::span<char> out, const LineHead& head, std::string_view member) noexcept {
  return detail::LineCursor{out}.name(head).raw(":").member(member).tail("s", head).size();
}

/// Writes `name:42|s`.
inline std::size_t write_set(std::span<char> out, const LineHead& head, Number member) noexcept {
  return detail::LineCursor{out}.name(head).raw(":").number(member).tail("s", head).size();
}

}  // namespace statwire::protocol
