#pragma once

// A line of a datagram and a place in it: what the readers of parse_samples.hpp have in common. Every reader
// here returns whether it found what it looks for; if not, fault() says where and what was expected. No I/O.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/protocol/number.hpp"
#include "statwire/protocol/profile.hpp"
#include "statwire/testing/captured_sample.hpp"

namespace statwire::testing {

/// Where a datagram leaves its grammar.
struct SyntaxFault {
  std::size_t line = 1;    ///< Of the datagram; the first is 1.
  std::size_t offset = 0;  ///< The first byte of the line that is wrong; its size when something is missing.
  std::string_view expected{};  ///< What would be right there.

  /// `line 1, at byte 5: expected a digit`.
  std::string text() const {
    return "line " + std::to_string(line) + ", at byte " + std::to_string(offset) + ": expected " +
           std::string{expected};
  }
};

namespace detail {

/// A line that is not empty, read from its beginning to its end.
class LineText {
 public:
  LineText(std::string_view line, const Profile& profile) : line_{line}, profile_{&profile} {}

  const SyntaxFault& fault() const noexcept { return fault_; }

 protected:
  /// Returns false, so that readers can return it.
  bool fail(std::size_t offset, std::string_view expected) {
    fault_.offset = offset;
    fault_.expected = expected;
    return false;
  }

  /// What stands up to the next field.
  bool read_text(std::string& text) {
    const std::size_t begin = at_;
    if (!check_text(field_end(), "text")) return false;
    text = line_.substr(begin, at_ - begin);
    return true;
  }

  template <class Enum, std::size_t Size>
  bool read_one_of(Enum& value, const char* const (&names)[Size]) {
    const std::size_t end = field_end();
    const auto found = std::find(std::begin(names), std::end(names), line_.substr(at_, end - at_));
    if (found == std::end(names)) return fail(at_, "one of the words that the field may have");
    value = static_cast<Enum>(found - std::begin(names));
    at_ = end;
    return true;
  }

  bool read_end_tags(CapturedTags& tags) { return read_tags(field_end(), ',', ':', tags); }

  bool read_tags(std::size_t end, char separator, char assign, CapturedTags& tags) {
    for (;;) {
      const std::size_t tag_end = std::min(line_.find(separator, at_), end);
      const std::size_t key_end = std::min(line_.find(assign, at_), tag_end);
      auto& [key, value] = tags.emplace_back(line_.substr(at_, key_end - at_), "");
      if (key.empty()) return fail(at_, "a tag that is not empty");
      if (!check_bytes(key_end, is_narrow_tag_byte, "a byte that may stand in the key of a tag"))
        return false;
      if (key_end == tag_end) {
        if (!profile_->labels) return fail(tag_end, "the value of the tag");
      } else {
        at_ = key_end + 1;
        value = line_.substr(at_, tag_end - at_);
        if (value.empty()) return fail(at_, "a value of the tag that is not empty");
        const auto is_legal = profile_->colons_in_tags ? is_wide_tag_byte : is_narrow_tag_byte;
        if (!check_bytes(tag_end, is_legal, "a byte that may stand in the value of a tag")) return false;
      }
      if (tag_end == end) break;
      at_ = tag_end + 1;
    }
    std::sort(tags.begin(), tags.end());
    return true;
  }

  /// Digits, perhaps a point and digits, up to `end`.
  bool read_number(std::size_t end, double& number) {
    const std::size_t begin = at_;
    const auto skip_digits = [&] {
      const std::size_t first = at_;
      at_ = std::min(skip(at_, is_digit), end);
      return at_ != first || fail(at_, "a digit");
    };
    if (!skip_digits()) return false;
    if (at_ != end && take(".") && !skip_digits()) return false;
    if (at_ != end) return fail(at_, "a digit, or the end of the number");
    const std::optional<double> value = protocol::parse_float(line_.substr(begin, end - begin));
    if (!value) return fail(begin, "a number that a double can hold");
    number = *value;
    return true;
  }

  bool read_integer(std::int64_t& number) {
    const std::size_t end = std::min(skip(at_, is_digit), line_.size());
    if (end == at_) return fail(at_, "a digit");
    const std::optional<std::int64_t> value = protocol::parse_integer(line_.substr(at_, end - at_));
    if (!value) return fail(at_, "an integer of 64 bits");
    number = *value;
    at_ = end;
    return true;
  }

  bool read_timestamp(std::int64_t& timestamp) {
    const std::size_t begin = at_;
    if (!read_integer(timestamp)) return false;
    return timestamp != 0 || fail(begin, "Unix seconds above 0");
  }

  /// Text that is not empty, up to `end`.
  bool check_text(std::size_t end, std::string_view expected) {
    if (at_ >= end) return fail(at_, expected);
    return check_bytes(end, is_text_byte, "no control character");
  }

  bool check_bytes(std::size_t end, bool (*is_legal)(char), std::string_view expected) {
    at_ = std::min(skip(at_, is_legal), end);
    return at_ == end || fail(at_, expected);
  }

  std::size_t skip(std::size_t at, bool (*is_legal)(char)) const {
    while (at < line_.size() && is_legal(line_[at])) ++at;
    return at;
  }

  bool starts_with(std::string_view text) const { return line_.substr(at_).starts_with(text); }

  bool take(std::string_view text) {
    if (!starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  bool take_field(std::string_view mark) {
    if (!starts_with("|") || !line_.substr(at_ + 1).starts_with(mark)) return false;
    at_ += 1 + mark.size();
    return true;
  }

  std::size_t field_end() const { return std::min(line_.find('|', at_), line_.size()); }

  std::string_view line_;
  const Profile* profile_;
  std::size_t at_ = 0;

  // Said anew, not taken from protocol/clean.hpp: what cleans must not be its own judge.
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-' ||
           c == '.';
  }
  static bool is_text_byte(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; }
  /// What no dialect needs for itself, so that a server may write the tag in another than it came in.
  static bool is_narrow_tag_byte(char c) {
    return c > ' ' && c < 0x7f && std::string_view{":|@#,;!^=~[]\\"}.find(c) == std::string_view::npos;
  }
  static bool is_wide_tag_byte(char c) {
    return is_text_byte(c) && std::string_view{"|@#,"}.find(c) == std::string_view::npos;
  }

 private:
  SyntaxFault fault_;
};

}  // namespace detail
}  // namespace statwire::testing
