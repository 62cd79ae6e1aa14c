#pragma once

// Reads datagrams as the server that a Profile names would, but strictly: where servers guess, skip or drop
// (an unknown type, an empty tag, a number with an exponent, a second value where there may be one), this
// says which byte is wrong and what was expected. So whatever it takes means the same to every server of
// that profile. For tests; protocol/statsd_parse.hpp reads leniently. No I/O.
//
//   CapturedLines lines;
//   std::optional<SyntaxFault> fault = parse_samples("hits:1|c|#route:/a", profiles::etsy, lines);

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "statwire/protocol/profile.hpp"
#include "statwire/protocol/text.hpp"
#include "statwire/testing/captured_sample.hpp"
#include "statwire/testing/line_text.hpp"

namespace statwire::testing {
namespace detail {

/// Reads a line of a metric.
class SampleReader : public LineText {
 public:
  using LineText::LineText;

  bool read(CapturedSample& sample) {
    const std::size_t name_end = std::min(skip(0, is_name_byte), line_.size());
    if (name_end == 0) return fail(0, "a name of letters, digits, '_', '-' and '.'");
    sample.name = line_.substr(0, name_end);
    at_ = name_end;
    if (!read_tags_of_name(sample.tags)) return false;
    if (!starts_with(":")) return fail(at_, "a byte of a name, or ':' and a value");
    const std::size_t values = at_ + 1;
    const std::size_t values_end = line_.find('|', values);
    if (values_end == std::string_view::npos) return fail(line_.size(), "'|' and a type");
    at_ = values_end + 1;
    if (!read_type(sample.type)) return false;
    const std::size_t fields = at_;
    at_ = values;
    if (!read_values(values_end, sample)) return false;
    at_ = fields;
    return read_fields(sample);
  }

 private:
  /// The tags of the dialects that have them in the name.
  bool read_tags_of_name(CapturedTags& tags) {
    const auto read = [&](char first, char separator, char end) {
      if (!starts_with({&first, 1})) return true;
      ++at_;
      return read_tags(std::min(line_.find(end, at_), line_.size()), separator, '=', tags);
    };
    switch (profile_->tags) {
      case TagSyntax::dogstatsd:
        return true;
      case TagSyntax::influx:
        return read(',', ',', ':');
      case TagSyntax::graphite:
        return read(';', ';', ':');
      case TagSyntax::librato:
        return read('#', ',', ':');
      case TagSyntax::signalfx:
        if (!starts_with("[")) return true;
        if (!read('[', ',', ']')) return false;
        if (!starts_with("]")) return fail(at_, "']' after the tags");
        ++at_;
        return true;
    }
    return true;
  }

  bool read_type(SampleType& type) {
    const std::size_t end = field_end();
    const std::string_view text = line_.substr(at_, end - at_);
    const auto is = [&](std::string_view name, SampleType meaning, bool is_known) {
      if (text != name || !is_known) return false;
      type = meaning;
      at_ = end;
      return true;
    };
    return is("c", SampleType::counter, true) || is("g", SampleType::gauge, true) ||
           is("ms", SampleType::timing, true) || is("h", SampleType::histogram, profile_->histograms) ||
           is("d", SampleType::distribution, profile_->distributions) ||
           is("s", SampleType::set, profile_->sets) || fail(at_, "a type that the profile has");
  }

  bool read_values(std::size_t end, CapturedSample& sample) {
    for (;;) {
      const std::size_t value_end = std::min(line_.find(':', at_), end);
      CapturedValue value;
      value.text = line_.substr(at_, value_end - at_);
      if (!read_value(value_end, sample.type, value)) return false;
      sample.values.push_back(std::move(value));
      at_ = value_end;
      if (at_ == end) return true;
      if (sample.type == SampleType::set) return fail(at_, "a member without ':'");
      if (!profile_->packed) return fail(at_, "no more than one value");
      ++at_;
    }
  }

  bool read_value(std::size_t end, SampleType type, CapturedValue& value) {
    if (type == SampleType::set) return check_text(end, "a member");
    const char sign = at_ < end ? line_[at_] : '\0';
    value.is_relative = type == SampleType::gauge && profile_->signed_gauges && (sign == '+' || sign == '-');
    if (sign == '+' && !value.is_relative) return fail(at_, "a number without '+'");
    if (sign == '-' && !may_be_negative(type)) return fail(at_, "a number that is not negative");
    const std::size_t begin = at_;
    if (sign == '+' || sign == '-') ++at_;
    if (!read_number(end, value.number)) return false;
    if (sign == '-' && value.number == 0) return fail(begin, "a zero without '-'");
    if (sign == '-') value.number = -value.number;
    return true;
  }

  bool may_be_negative(SampleType type) const {
    if (type == SampleType::counter || type == SampleType::gauge) return true;
    return type != SampleType::timing && profile_->negative_values;
  }

  /// What follows the type. The order is fixed: a server that does not know a field drops what comes after.
  bool read_fields(CapturedSample& sample) {
    if (take_field("@") && !read_rate(sample.rate)) return false;
    if (profile_->tags == TagSyntax::dogstatsd && take_field("#") && !read_end_tags(sample.tags))
      return false;
    const bool may_have_time = sample.type == SampleType::counter || sample.type == SampleType::gauge;
    if (profile_->timestamps && may_have_time && take_field("T") && !read_timestamp(sample.timestamp))
      return false;
    if (at_ == line_.size()) return true;
    return fail(at_,
                "the end, or a field of the profile: rate, tags, timestamp, each once and in this order");
  }

  bool read_rate(double& rate) {
    const std::size_t begin = at_;
    if (!read_number(field_end(), rate)) return false;
    if (!(rate > 0 && rate <= 1)) return fail(begin, "a rate above 0, at most 1");
    return true;
  }
};

/// Reads an event.
class EventReader : public LineText {
 public:
  using LineText::LineText;

  bool read(CapturedEvent& event) {
    at_ = 3;
    std::int64_t title_size = 0;
    std::int64_t text_size = 0;
    if (!read_integer(title_size)) return false;
    if (title_size == 0) return fail(3, "a title that is not empty");
    if (!take(",")) return fail(at_, "',' and the size of the text");
    if (!read_integer(text_size)) return false;
    if (!take("}:")) return fail(at_, "'}:' and the title");
    if (!read_sized(title_size, event.title)) return false;
    if (!take("|")) return fail(at_, "'|' and the text, after as many bytes as the title has");
    if (!read_sized(text_size, event.text)) return false;
    if (take_field("d:") && !read_timestamp(event.timestamp)) return false;
    if (take_field("h:") && !read_text(event.hostname)) return false;
    if (take_field("k:") && !read_text(event.aggregation_key)) return false;
    if (take_field("p:") && !read_one_of(event.priority, {"normal", "low"})) return false;
    if (take_field("s:") && !read_text(event.source_type)) return false;
    if (take_field("t:") && !read_one_of(event.alert_type, {"info", "success", "warning", "error"}))
      return false;
    if (take_field("#") && !read_end_tags(event.tags)) return false;
    return at_ == line_.size() || fail(at_, "the end, or d:, h:, k:, p:, s:, t: or #, in this order");
  }

 private:
  /// Text of a size that was announced; `\n` in it is a line feed.
  bool read_sized(std::int64_t size, std::string& text) {
    if (static_cast<std::uint64_t>(size) > line_.size() - at_) {
      return fail(line_.size(), "as many bytes as the header says");
    }
    const std::size_t begin = at_;
    const std::size_t end = at_ + static_cast<std::size_t>(size);
    if (size != 0 && !check_text(end, "text")) return false;
    text = line_.substr(begin, end - begin);
    for (std::size_t mark = 0; (mark = text.find("\\n", mark)) != std::string::npos; ++mark) {
      text.replace(mark, 2, "\n");
    }
    return true;
  }
};

/// Reads a service check.
class CheckReader : public LineText {
 public:
  using LineText::LineText;

  bool read(CapturedCheck& check) {
    if (!take("_sc|")) return fail(3, "'|' and the name of a service check: no metric begins with _sc");
    if (!read_text(check.name)) return false;
    if (!take("|")) return fail(at_, "'|' and a status");
    if (!read_one_of(check.status, {"0", "1", "2", "3"})) return false;
    if (take_field("d:") && !read_timestamp(check.timestamp)) return false;
    if (take_field("h:") && !read_text(check.hostname)) return false;
    if (take_field("#") && !read_end_tags(check.tags)) return false;
    if (take_field("m:") && !read_text(check.message)) return false;
    return at_ == line_.size() || fail(at_, "the end, or d:, h:, # or m:, in this order");
  }
};

template <class Reader, class Record>
std::optional<SyntaxFault> read_line(std::string_view line, const Profile& profile,
                                     std::vector<Record>& records) {
  Reader reader{line, profile};
  Record record;
  if (!reader.read(record)) return reader.fault();
  records.push_back(std::move(record));
  return std::nullopt;
}

/// Tells the kinds apart as the agent does, which looks at no more bytes than these.
inline std::optional<SyntaxFault> read_any_line(std::string_view line, const Profile& profile,
                                                CapturedLines& lines) {
  if (profile.events && line.starts_with("_e{")) {
    return read_line<EventReader>(line, profile, lines.events);
  }
  if (profile.events && line.starts_with("_sc")) {
    return read_line<CheckReader>(line, profile, lines.service_checks);
  }
  return read_line<SampleReader>(line, profile, lines.samples);
}

}  // namespace detail

/// Reads a datagram and appends what it holds to `lines`. Returns nothing when all of it follows the grammar
/// of the profile, else the first fault; `lines` then has what comes before. Takes any bytes; throws
/// std::bad_alloc alone. Empty lines are a fault where the profile has none, a datagram without any line
/// always is.
inline std::optional<SyntaxFault> parse_samples(std::string_view datagram, const Profile& profile,
                                                CapturedLines& lines) {
  bool is_empty = true;
  std::size_t number = 0;
  do {
    const std::string_view line = protocol::take_until(datagram, '\n');
    ++number;
    if (line.empty()) {
      if (!profile.empty_lines) return SyntaxFault{number, 0, "a line that is not empty"};
      continue;
    }
    is_empty = false;
    if (std::optional<SyntaxFault> fault = detail::read_any_line(line, profile, lines)) {
      fault->line = number;
      return fault;
    }
  } while (datagram.data() != nullptr);
  if (is_empty) return SyntaxFault{1, 0, "a line"};
  return std::nullopt;
}

}  // namespace statwire::testing
