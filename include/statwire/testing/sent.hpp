#pragma once

// What Captured answers: what was sent for one series, in a form that compares with what a test expects and
// prints itself when a check fails. It is a copy, so it may outlive what it was asked of. Nothing of a test
// framework is used: doctest, Catch2 and GoogleTest all print through operator<<.

#include <algorithm>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <ostream>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/number.hpp"

namespace statwire::testing {

/// What a test compares with that expects nothing: `CHECK(captured.counter("errors") == nothing)`. No number
/// stands for it: a name that is misspelled in the test would pass as a counter of zero.
struct Nothing {
  friend std::ostream& operator<<(std::ostream& out, Nothing) { return out << "nothing sent"; }
};
inline constexpr Nothing nothing{};

/// What all answers have in common. Prints as `counter hits{route=/a} = 2`, or as `nothing sent for counter
/// hits{route=/a}`; then what was sent that is much like it.
class Sent {
 public:
  Sent(bool was_sent, std::string text) : was_sent_{was_sent}, text_{std::move(text)} {}

  bool was_sent() const noexcept { return was_sent_; }

  friend bool operator==(const Sent& sent, Nothing) noexcept { return !sent.was_sent_; }
  friend std::ostream& operator<<(std::ostream& out, const Sent& sent) { return out << sent.text_; }

 private:
  bool was_sent_;
  std::string text_;
};

/// A counter or a gauge. Compares with numbers of any type, as doubles, which are exact for whole numbers up
/// to 2^53. When nothing was sent every comparison is false, `!=` too.
class SentNumber : public Sent {
 public:
  SentNumber(const Sent& sent, double value) : Sent{sent}, value_{value} {}

  /// NaN when nothing was sent.
  double value() const noexcept { return was_sent() ? value_ : std::numeric_limits<double>::quiet_NaN(); }

  template <protocol::Numeric Value>
  friend bool operator==(const SentNumber& sent, Value value) noexcept {
    return sent.value() == static_cast<double>(value);
  }
  template <protocol::Numeric Value>
  friend bool operator==(Value value, const SentNumber& sent) noexcept {
    return sent == value;
  }
  template <protocol::Numeric Value>
  friend bool operator!=(const SentNumber& sent, Value value) noexcept {
    return sent.was_sent() && !(sent == value);
  }
  template <protocol::Numeric Value>
  friend bool operator!=(Value value, const SentNumber& sent) noexcept {
    return sent != value;
  }
  template <protocol::Numeric Value>
  friend std::partial_ordering operator<=>(const SentNumber& sent, Value value) noexcept {
    return sent.value() <=> static_cast<double>(value);
  }

 private:
  double value_;
};

/// The values of a timing (in milliseconds), a histogram or a distribution, in the order in which they were
/// sent. Least, greatest and sum are of the values that were sent; NaN, and 0 for the sum, when none was.
class SentSamples : public Sent {
 public:
  SentSamples(const Sent& sent, std::vector<double> values, double count)
      : Sent{sent}, values_{std::move(values)}, count_{count} {}

  const std::vector<double>& values() const noexcept { return values_; }

  /// How many samples the server counts: a value that was sent at a rate of one in N stands for N.
  double count() const noexcept { return count_; }

  double min() const noexcept { return values_.empty() ? none : *std::ranges::min_element(values_); }
  double max() const noexcept { return values_.empty() ? none : *std::ranges::max_element(values_); }
  double sum() const noexcept {
    double sum = 0;
    for (const double value : values_) sum += value;
    return sum;
  }

 private:
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  std::vector<double> values_;
  double count_;
};

/// A histogram or a distribution. Equals a number when that was the only value, and a vector that holds the
/// values.
class SentValues : public SentSamples {
 public:
  using SentSamples::SentSamples;

  template <protocol::Numeric Value>
  friend bool operator==(const SentValues& sent, Value value) noexcept {
    return sent.values().size() == 1 && sent.values()[0] == static_cast<double>(value);
  }
  template <protocol::Numeric Value>
  friend bool operator==(const SentValues& sent, const std::vector<Value>& values) noexcept {
    return sent.was_sent() && std::ranges::equal(sent.values(), values, [](double one, Value other) {
             return one == static_cast<double>(other);
           });
  }
};

/// A timing. Equals a duration when that was the only one, and a vector that holds them; a bare number has no
/// unit and does not compile.
class SentTimings : public SentSamples {
 public:
  using SentSamples::SentSamples;

  template <class Rep, class Period>
  friend bool operator==(const SentTimings& sent, std::chrono::duration<Rep, Period> duration) noexcept {
    return sent.values().size() == 1 && sent.values()[0] == milliseconds(duration);
  }
  template <class Rep, class Period>
  friend bool operator==(const SentTimings& sent,
                         const std::vector<std::chrono::duration<Rep, Period>>& durations) noexcept {
    return sent.was_sent() && std::ranges::equal(sent.values(), durations, [](double one, auto other) {
             return one == milliseconds(other);
           });
  }

 private:
  template <class Rep, class Period>
  static double milliseconds(std::chrono::duration<Rep, Period> duration) {
    return std::chrono::duration<double, std::milli>{duration}.count();
  }
};

/// The distinct members of a set.
class SentSet : public Sent {
 public:
  using Members = std::set<std::string, std::less<>>;

  SentSet(const Sent& sent, Members members) : Sent{sent}, members_{std::move(members)} {}

  const Members& members() const noexcept { return members_; }
  std::size_t size() const noexcept { return members_.size(); }
  bool contains(std::string_view member) const noexcept { return members_.contains(member); }

  /// Equals the strings of any container, in any order.
  template <std::ranges::input_range Strings>
  requires std::constructible_from<std::string, std::ranges::range_reference_t<const Strings&>>
  friend bool operator==(const SentSet& sent, const Strings& members) {
    return sent.was_sent() && sent.members_ == Members(std::begin(members), std::end(members));
  }

 private:
  Members members_;
};

}  // namespace statwire::testing
