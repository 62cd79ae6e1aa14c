#include "host_monitor/layout.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace host_monitor;
using Values = std::vector<std::optional<double>>;

TEST_CASE("format_value: a percentage has one decimal") {
  CHECK(format_value(0, Unit::percent) == "0.0 %");
  CHECK(format_value(23.449, Unit::percent) == "23.4 %");
  CHECK(format_value(100, Unit::percent) == "100.0 %");
}

TEST_CASE("format_value: bytes have the largest binary prefix that leaves 1 or more") {
  CHECK(format_value(0, Unit::bytes) == "0 B");
  CHECK(format_value(1023, Unit::bytes) == "1023 B");
  CHECK(format_value(1024, Unit::bytes) == "1.00 KiB");
  CHECK(format_value(1048576, Unit::bytes) == "1.00 MiB");
  CHECK(format_value(5594138542.0, Unit::bytes) == "5.21 GiB");
  CHECK(format_value(1099511627776.0, Unit::bytes) == "1.00 TiB");
  CHECK(format_value(1.0e22, Unit::bytes) == "8673.62 EiB");
}

TEST_CASE("format_value: a rate has one decimal, and none below a KiB") {
  CHECK(format_value(0.4, Unit::bytes_per_second) == "0 B/s");
  CHECK(format_value(512, Unit::bytes_per_second) == "512 B/s");
  CHECK(format_value(1363149, Unit::bytes_per_second) == "1.3 MiB/s");
}

TEST_CASE("format_milliseconds: two decimals") {
  CHECK(format_milliseconds(0.314) == "0.31 ms");
}

TEST_CASE("sparkline: a percentage is drawn against 100") {
  const Values values{0, 12.4, 12.6, 50, 99, 100, std::nullopt};
  CHECK(sparkline(values, Unit::percent, Charset::utf8) == "▁▁▂▅██ ");
  CHECK(sparkline(values, Unit::percent, Charset::ascii) == "__.=## ");
}

TEST_CASE("sparkline: a rate is drawn against the largest, a level between smallest and largest") {
  const Values values{100, 150, 200};
  CHECK(sparkline(values, Unit::bytes_per_second, Charset::ascii) == "=*#");
  CHECK(sparkline(values, Unit::bytes, Charset::ascii) == "_=#");
}

TEST_CASE("sparkline: values that do not differ, or are not there, are drawn at the bottom or not at all") {
  CHECK(sparkline(Values{5, 5}, Unit::bytes, Charset::ascii) == "__");
  CHECK(sparkline(Values{0, 0}, Unit::bytes_per_second, Charset::ascii) == "__");
  CHECK(sparkline(Values{std::nullopt, std::nullopt}, Unit::bytes, Charset::utf8) == "  ");
  CHECK(sparkline(Values{}, Unit::bytes, Charset::utf8).empty());
}

TEST_CASE("row: cells are aligned with two blanks between them; one of no width is left out") {
  CHECK(row({{"key", 5, Align::left}, {"no", 0}, {"12", 4}}) == "key      12");
  CHECK(row({{"▁█", 4, Align::left}, {"x", 2}}) == "▁█     x");
  CHECK(row({{"longer", 3}, {"x", 1}}) == "longer  x");
  CHECK(row({}).empty());
}

TEST_CASE("cut: the end of a wider text goes, which is shown") {
  CHECK(cut("12345", 5, Charset::ascii) == "12345");
  CHECK(cut("123456", 5, Charset::ascii) == "1234~");
  CHECK(cut("123456", 5, Charset::utf8) == "1234…");
  CHECK(cut("123456", 1, Charset::ascii) == "~");
  CHECK(cut("123456", 0, Charset::ascii).empty());
}

TEST_CASE("cut: it counts characters and never cuts within one") {
  CHECK(cut("▁▂▃", 3, Charset::utf8) == "▁▂▃");
  CHECK(cut("▁▂▃▄", 3, Charset::utf8) == "▁▂…");
}

TEST_CASE("cut_front: the beginning of a wider text goes, which is shown") {
  CHECK(cut_front("host.cpu", 8, Charset::ascii) == "host.cpu");
  CHECK(cut_front("host.cpu", 5, Charset::ascii) == "~.cpu");
  CHECK(cut_front("host.cpu", 5, Charset::utf8) == "….cpu");
  CHECK(cut_front("host.cpu", 1, Charset::ascii) == "~");
  CHECK(cut_front("host.cpu", 0, Charset::ascii).empty());
}
