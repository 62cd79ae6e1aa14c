#pragma once

// Lines for a StatsD server of which most are bad, odd or hostile.

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace statwire::test {

/// Lines that are put together from parts that are odd for themselves; the same ones for the same seed.
class OddLines {
 public:
  /// With tags of any kind, or of none that Graphite does not know.
  enum class Tags { any, clean };

  explicit OddLines(unsigned seed, Tags tags = Tags::any) : random_{seed}, tags_{tags} {}

  std::string line() {
    // Numbered, for a sum that has once become infinite shows no other mistake.
    std::string text = one_of(names_) + std::to_string(random_() % 100);
    const std::size_t values = random_() % 8 == 0 ? random_() % 4 : 1;
    for (std::size_t i = 0; i < values; ++i) {
      text += ":" + one_of(values_);
      if (random_() % 16 != 0) text += "|" + one_of(types_);
      if (random_() % 4 == 0) text += "|" + one_of(rates_);
      if (random_() % 32 == 0) text += "|" + one_of(rates_);
    }
    return text + one_of(tags_ == Tags::any ? any_tags_ : clean_tags_);
  }

 private:
  const std::string& one_of(const std::vector<std::string>& parts) { return parts[random_() % parts.size()]; }

  // Not `@+1`, `@ 1`, `@Infinity`.
  const std::vector<std::string> rates_{"@0.1", "@1",   "@0",     "@2",    "@-1",  "@",   "@.5",
                                        "@5.",  "@1e1", "@2e-1",  "@0x10", "@abc", "0.1", "@0.1x",
                                        "@@1",  "@1 ",  "@0.1.2", "",      "x",    "@0b1"};
  const std::vector<std::string> types_{"c", "c",  "g", "g",   "ms",        "ms",  "s",  "s",
                                        "h", "d",  "m", "",    " ms",       "ms ", "C",  "g ",
                                        "G", "cc", "q", "\tc", "\xc2\xa0g", "s ",  "MS", "kv"};
  const std::vector<std::string> values_{"1",
                                         "2.5",
                                         "-3",
                                         "+4",
                                         "1e3",
                                         "0x10",
                                         "0b11",
                                         "0o17",
                                         " 5 ",
                                         "",
                                         "nan",
                                         "NaN",
                                         "Infinity",
                                         "-Infinity",
                                         "inf",
                                         "1_000",
                                         ".5",
                                         "5.",
                                         ".",
                                         "1e400",
                                         "-1e400",
                                         "1e-400",
                                         "1,5",
                                         "\xef\xbc\x91",
                                         "\xc2\xa0"
                                         "6",
                                         "--1",
                                         "+-1",
                                         "1e",
                                         "0x",
                                         "0X1F",
                                         "0x1p3",
                                         "1.5.2",
                                         "9007199254740993",
                                         "123456789012345678901234567890",
                                         "-0",
                                         "+0",
                                         "0",
                                         "0.1",
                                         "\t7\r",
                                         "1e+2",
                                         "1E-2",
                                         "+.5e1",
                                         "12ms",
                                         "-0x10",
                                         "\xe2\x80\xa8"
                                         "8",
                                         "\xc3\xa9",
                                         "alice"};
  const std::vector<std::string> names_{"a",
                                        "a.b",
                                        "a b",
                                        " a",
                                        "a/b",
                                        "a//b",
                                        "",
                                        "17",
                                        "4294967295",
                                        "a\tb\r",
                                        "a  \xc2\xa0 b",
                                        "\xc3\xa9t\xc3\xa9",
                                        "\xe6\x97\xa5\xe6\x9c\xac",
                                        "a;b=c",
                                        ";",
                                        "a;b",
                                        "=",
                                        "-",
                                        "a|b",
                                        "a@b#c",
                                        "\x01\x02",
                                        "\xf0\x9f\x98\x80x",
                                        "\xef\xbb\xbf"
                                        "a",
                                        "\xe2\x80\xa8",
                                        "a\\b\"'",
                                        "{}",
                                        "a,b=c",
                                        "_",
                                        std::string{"n\0l", 3},
                                        "\xff\xfe",
                                        "a\xc3"};
  const std::vector<std::string> any_tags_{"",      "", "", "|#a:b", "|#", "|#a;b:c:d,e", "|#\xc3\xa9:x",
                                           "|#a|#b"};
  const std::vector<std::string> clean_tags_{"", "", "", "|#a:b", "|#", "|#a;b,e:,f"};
  std::mt19937 random_;
  Tags tags_;
};

}  // namespace statwire::test
