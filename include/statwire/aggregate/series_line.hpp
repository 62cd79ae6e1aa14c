#pragma once

// Puts lines together from the texts of a series and a value: two copies and a number.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "statwire/aggregate/series.hpp"
#include "statwire/protocol/clean.hpp"
#include "statwire/protocol/number.hpp"
#include "statwire/protocol/rate.hpp"
#include "statwire/protocol/statsd_line.hpp"

namespace statwire::aggregate {

/// Room for the lines of one sample. One thread at a time.
class SeriesLine {
 public:
  /// What was written since begin(); nothing when it was too long.
  std::string_view text() const noexcept { return {line_, size_ <= sizeof(line_) ? size_ : 0}; }

  void begin(const Series& series) noexcept {
    size_ = 0;
    put(series.head);
  }

  /// Writes type, rate and tags; the values before it stand for `share` times what the series' rate says.
  void end(const Series& series, std::uint64_t share = 1) noexcept {
    put(series.type_text);
    const std::uint64_t one_in = share * series.one_in;
    if (one_in > 1) {
      put("|@");
      put(protocol::Number{protocol::rate_of(one_in)});
    }
    put(series.tags_text);
  }

  void put(std::string_view text) noexcept {
    if (size_ + text.size() <= sizeof(line_)) std::memcpy(line_ + size_, text.data(), text.size());
    size_ += text.size();
  }

  void put(protocol::Number number) noexcept {
    char text[protocol::max_number_chars];
    put({text, static_cast<std::size_t>(number.write(text) - text)});
  }

  void put_member(std::string_view member) noexcept {
    if (size_ + member.size() <= sizeof(line_)) protocol::copy_clean_member(line_ + size_, member);
    size_ += member.size();
  }

  void write(const Series& series, protocol::Number value) noexcept {
    begin(series);
    put(value);
    end(series);
  }

  /// An absolute gauge; see protocol::write_gauge for the zero before a negative one.
  void write_gauge(const Series& series, protocol::Number value, bool gauges_are_signed) noexcept {
    begin(series);
    if (value.is_negative() && gauges_are_signed) {
      put("0");
      end(series);
      put("\n");
      put(series.head);
    }
    put(value);
    end(series);
  }

  void write_gauge_delta(const Series& series, protocol::Number delta) noexcept {
    begin(series);
    if (!delta.is_negative()) put("+");
    put(delta);
    end(series);
  }

 private:
  std::size_t size_ = 0;
  char line_[protocol::max_statsd_line_bytes];
};

}  // namespace statwire::aggregate
