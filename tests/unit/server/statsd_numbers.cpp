#include "statwire/server/statsd_numbers.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "support/random_bytes.hpp"

using namespace statwire;
using namespace statwire::server;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string script(double value) {
  char text[max_statsd_number_chars];
  return {text, write_script_number(text, value)};
}

std::string python(double value) {
  char text[max_statsd_number_chars];
  return {text, write_python_number(text, value)};
}

}  // namespace

TEST_CASE("numbers of JavaScript: printed as it prints them") {
  CHECK(script(0) == "0");
  CHECK(script(-0.0) == "0");
  CHECK(script(320) == "320");
  CHECK(script(-5) == "-5");
  CHECK(script(0.1) == "0.1");
  CHECK(script(-0.25) == "-0.25");
  CHECK(script(0.1 + 0.2) == "0.30000000000000004");
  CHECK(script(260.56033370411546) == "260.56033370411546");
  CHECK(script(1e-6) == "0.000001");
  CHECK(script(1.5e-7) == "1.5e-7");
  CHECK(script(9007199254740993.0) == "9007199254740992");
  CHECK(script(123456789012345680000.0) == "123456789012345680000");
  CHECK(script(1e20) == "100000000000000000000");
  CHECK(script(1e21) == "1e+21");
  CHECK(script(-1.25e+300) == "-1.25e+300");
  CHECK(script(5e-324) == "5e-324");
  CHECK(script(infinity) == "Infinity");
  CHECK(script(-infinity) == "-Infinity");
  CHECK(script(std::nan("")) == "NaN");
}

TEST_CASE("numbers of JavaScript: any double reads back as itself, in the fewest digits") {
  test::RandomBytes random{1};
  for (int i = 0; i < 20'000; ++i) {
    const double decimal = static_cast<double>(random.bits() % 2'000'000'000) - 1e9;
    const double power = std::pow(10.0, static_cast<double>(random.up_to(30)) - 15);
    const double value = decimal / power;
    const std::string text = script(value);
    CAPTURE(text);
    CHECK(read_script_number(text) == value);
    char shortest[64];
    const char* const end =
        std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific).ptr;
    std::size_t wanted = 0;  // significant digits: without the zeros around them
    for (const char* c = shortest; c != end && *c != 'e'; ++c) wanted += *c >= '0' && *c <= '9' ? 1 : 0;
    std::string digits;
    for (const char c : text.substr(0, text.find('e'))) digits += c >= '0' && c <= '9' ? std::string{c} : "";
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    digits.erase(digits.find_last_not_of('0') + 1);
    CHECK(digits.size() <= wanted);
  }
}

TEST_CASE("numbers of JavaScript: read as Number() reads them") {
  CHECK(read_script_number("12") == 12);
  CHECK(read_script_number("-0.5") == -0.5);
  CHECK(read_script_number("+.5") == 0.5);
  CHECK(read_script_number("5.") == 5);
  CHECK(read_script_number("1e3") == 1000);
  CHECK(read_script_number(" \t7\r") == 7);
  CHECK(read_script_number("\xc2\xa0"
                           "7\xe2\x80\x89") == 7);
  CHECK(read_script_number(" ") == 0);
  CHECK(read_script_number("0x1F") == 31);
  CHECK(read_script_number("0b101") == 5);
  CHECK(read_script_number("0o17") == 15);
  CHECK(read_script_number("Infinity") == infinity);
  CHECK(read_script_number("-Infinity") == -infinity);
  CHECK(read_script_number("1e400") == infinity);
  CHECK(read_script_number("-1e400") == -infinity);
  CHECK(read_script_number("1e-400") == 0);
  CHECK(read_script_number("0." + std::string(400, '0') + "1") == 0);
  CHECK(read_script_number(std::string(400, '9')) == infinity);
  for (const char* text :
       {"",    "abc",  "1a",   "1,5", "1_0",      "--1", "+-1", "-",   ".",   "e5",  "1e",   "0x",
        "0xg", "0x-1", "-0x1", "inf", "infinity", "nan", "NaN", "1 2", "0b2", "0o8", "5.0f", "1.2.3"}) {
    CAPTURE(text);
    CHECK_FALSE(read_script_number(text).has_value());
  }
}

TEST_CASE("numbers of Python: printed with twelve digits, whole ones with a point") {
  CHECK(python(42) == "42.0");
  CHECK(python(0) == "0.0");
  CHECK(python(-0.1) == "-0.1");
  CHECK(python(0.1 + 0.2) == "0.3");
  CHECK(python(558.25) == "558.25");
  CHECK(python(123456789012.0) == "123456789012.0");
  CHECK(python(1e12) == "1e+12");
  CHECK(python(0.00001) == "1e-05");
  CHECK(python(infinity) == "inf");
  CHECK(python(-std::nan("")) == "nan");
}

TEST_CASE("numbers of Python: read as float() reads them") {
  CHECK(read_python_number(" 1.5\n") == 1.5);
  CHECK(read_python_number("-Infinity") == -infinity);
  CHECK(read_python_number("1e400") == infinity);
  CHECK(std::isnan(read_python_number("nan").value_or(0)));
  for (const char* text : {"", " ", "1:2", "0x1f", "1_0", "abc"})
    CHECK_FALSE(read_python_number(text).has_value());
}
