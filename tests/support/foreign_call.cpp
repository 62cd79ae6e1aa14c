#include "support/foreign_call.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <charconv>
#include <limits>
#include <system_error>

#include "statwire/detail/float_from_chars.hpp"

namespace statwire::test {
namespace {

using Kind = ForeignValue::Kind;

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool begins_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

double as_double(const ForeignValue& value) {
  return std::visit([](auto number) { return static_cast<double>(number); }, value.number);
}

ForeignValue integer_of(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return {.kind = Kind::number, .number = value};
  return {.kind = Kind::number, .number = static_cast<std::int64_t>(value)};
}

class Reader {
 public:
  explicit Reader(std::string_view text) : whole_{text}, rest_{text} {}

  ForeignProgram program() {
    ForeignProgram program;
    const bool is_loop = take("for(");
    if (is_loop) program.repeats = loop_count();
    const bool is_block = is_loop && take("{");
    do {
      program.statements.push_back(statement());
    } while (take(";"));
    if (is_block) expect("}");
    skip_blanks();
    require(rest_.empty());
    return program;
  }

 private:
  void require(bool holds) const {
    REQUIRE_MESSAGE(holds, "a call of unknown form: " << whole_ << "\nfrom here on: " << rest_);
  }

  void skip_blanks() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }

  bool take(std::string_view mark) {
    skip_blanks();
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(mark.size());
    return true;
  }

  void expect(std::string_view mark) { require(take(mark)); }

  /// `1..400)` of Perl, `let i=0;i<100;i++)` of JavaScript.
  std::size_t loop_count() {
    const bool is_perl = take("1..");
    if (!is_perl) expect("let i=0;i<");
    const ForeignValue count = number();
    if (!is_perl) expect(";i++");
    expect(")");
    return static_cast<std::size_t>(as_double(count));
  }

  ForeignStatement statement() {
    take("const ");
    const ForeignValue first = value();
    if (first.kind == Kind::word && take("=")) return {first.text, value()};
    return {"", first};
  }

  ForeignValue value() {
    const ForeignValue first = operand();
    if (first.kind != Kind::number) return first;
    if (take("**")) {
      std::uint64_t power = 1;
      const auto base = static_cast<std::uint64_t>(as_double(first));
      for (double exponent = as_double(number()); exponent > 0; --exponent) power *= base;
      return integer_of(power);
    }
    if (take("+")) return {.kind = Kind::number, .number = as_double(first) + as_double(number())};
    return first;
  }

  ForeignValue operand() {
    skip_blanks();
    if (begins_number(rest_)) return number();
    if (rest_.starts_with('\'')) return quoted();
    if (take("[")) return {.kind = Kind::list, .items = items("]", "")};
    if (take("{")) return {.kind = Kind::map, .items = items("}", ":")};
    take("new ");
    ForeignValue result{.kind = Kind::word, .text = word()};
    if (result.text == "NaN")
      return {.kind = Kind::number, .number = std::numeric_limits<double>::quiet_NaN()};
    if (!take("(")) return result;
    result.kind = Kind::call;
    result.items = items(")", "=");
    return result;
  }

  ForeignValue number() {
    double value = 0;
    const char* const begin = rest_.data();
    const auto [end, ec] = detail::float_from_chars(begin, begin + rest_.size(), value);
    require(ec == std::errc{});
    const std::string_view text{begin, static_cast<std::size_t>(end - begin)};
    std::int64_t integer = 0;
    const bool is_integer = std::from_chars(begin, end, integer).ptr == end;
    rest_.remove_prefix(text.size());
    if (is_integer) return {.kind = Kind::number, .number = integer};
    return {.kind = Kind::number, .number = value};
  }

  ForeignValue quoted() {
    ForeignValue result{.kind = Kind::text};
    for (rest_.remove_prefix(1); !rest_.starts_with('\''); rest_.remove_prefix(1)) {
      require(!rest_.empty());
      if (!rest_.starts_with('\\')) {
        result.text += rest_.front();
      } else {
        require(rest_.starts_with("\\n"));  // the only escape that the files have
        result.text += '\n';
        rest_.remove_prefix(1);
      }
    }
    rest_.remove_prefix(1);
    return result;
  }

  /// Names and what they belong to: `hits`, `c.CHECKS.OK`, `Net::Statsd::gauge`.
  std::string word() {
    std::string_view text = rest_;
    for (;;) {
      require(!rest_.empty() && is_word_byte(rest_.front()));
      while (!rest_.empty() && is_word_byte(rest_.front())) rest_.remove_prefix(1);
      if (rest_.starts_with("::")) {
        rest_.remove_prefix(2);
      } else if (rest_.starts_with('.')) {
        rest_.remove_prefix(1);
      } else {
        return std::string{text.substr(0, text.size() - rest_.size())};
      }
    }
  }

  /// What stands before `close`; `assign` stands between a key and its value.
  std::vector<ForeignValue> items(std::string_view close, std::string_view assign) {
    std::vector<ForeignValue> items;
    if (take(close)) return items;
    do {
      ForeignValue item = value();
      const bool may_be_key = item.kind == Kind::word || (item.kind == Kind::text && assign == ":");
      if (may_be_key && !assign.empty() && take(assign)) {
        const std::string key = item.text;
        item = value();
        item.key = key;
      }
      items.push_back(item);
    } while (take(","));
    expect(close);
    return items;
  }

  std::string_view whole_;
  std::string_view rest_;
};

}  // namespace

ForeignProgram parse_foreign(std::string_view text) {
  return Reader{text}.program();
}

}  // namespace statwire::test
