#include "mesos_collector/python_json.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace mesos_collector;
using namespace std::string_literals;

TEST_CASE("python json: separators, nesting and the order of members") {
  CHECK(to_python_json(Json::parse(R"({"b":1,"a":[true,false,null,{"z":{},"y":[]}],"":[[1],[2,3]]})")) ==
        R"({"b": 1, "a": [true, false, null, {"z": {}, "y": []}], "": [[1], [2, 3]]})");
  CHECK(to_python_json(Json::object()) == "{}");
  CHECK(to_python_json(Json::array()) == "[]");
  CHECK(to_python_json(nullptr) == "null");
}

TEST_CASE("python json: a float is shortest, and always told from an integer") {
  const auto text = [](double value) { return to_python_json(value); };
  CHECK(text(0) == "0.0");
  CHECK(text(-0.0) == "-0.0");
  CHECK(text(1) == "1.0");
  CHECK(text(-50) == "-50.0");
  CHECK(text(0.1) == "0.1");
  CHECK(text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text(1541084157.12885) == "1541084157.12885");
  CHECK(text(0.0001) == "0.0001");
  CHECK(text(0.00012345) == "0.00012345");
  CHECK(text(1e-05) == "1e-05");
  CHECK(text(-1.5e-05) == "-1.5e-05");
  CHECK(text(123456789012345.6) == "123456789012345.6");
  CHECK(text(9999999999999998) == "9999999999999998.0");
  CHECK(text(1e15) == "1000000000000000.0");
  CHECK(text(1e16) == "1e+16");
  CHECK(text(-1.2345678901234567e17) == "-1.2345678901234566e+17");
  CHECK(text(1e22) == "1e+22");
  CHECK(text(1e23) == "1e+23");
  CHECK(text(1e100) == "1e+100");
  CHECK(text(5e-324) == "5e-324");
  CHECK(text(1.7976931348623157e308) == "1.7976931348623157e+308");
}

TEST_CASE("python json: integers have all their digits") {
  CHECK(to_python_json(Json::parse("[0,-1,9223372036854775807,-9223372036854775808,18446744073709551615]")) ==
        "[0, -1, 9223372036854775807, -9223372036854775808, 18446744073709551615]");
}

TEST_CASE("python json: strings and keys are escaped where JSON asks for it, and nowhere else") {
  CHECK(to_python_json("plain /text/ ~!'") == R"("plain /text/ ~!'")");
  CHECK(to_python_json("\" \\ \b \f \n \r \t") == R"("\" \\ \b \f \n \r \t")");
  CHECK(to_python_json("\0\x01\x1b\x1f"s) == R"("\u0000\u0001\u001b\u001f")");
  CHECK(to_python_json("\x7f") == "\"\x7f\"");
  CHECK(to_python_json("é руб. 漢 😀 \u2028") == "\"é руб. 漢 😀 \u2028\"");
  CHECK(to_python_json(Json{{"a\"\n", 1}, {"é", 2}}) == R"({"a\"\n": 1, "é": 2})");
}

TEST_CASE("python json: what cannot be written is replaced, so that the text can be read") {
  CHECK(to_python_json("a\xff"
                       "b") == "\"a\uFFFDb\"");
  CHECK(to_python_json(Json{{"\xc3", "\xe2\x82"}}) == "{\"\uFFFD\": \"\uFFFD\"}");
  CHECK(to_python_json(std::numeric_limits<double>::infinity()) == "null");
  CHECK(to_python_json(std::numeric_limits<double>::quiet_NaN()) == "null");
}

TEST_CASE("python json: a hundred levels are as many") {
  const std::string text = std::string(100, '[') + std::string(100, ']');
  CHECK(to_python_json(Json::parse(text)) == text);
}

TEST_CASE("python json: an excerpt is short, and UTF-8 in any case") {
  CHECK(json_excerpt(1e-05) == "1e-05");
  CHECK(json_excerpt(nullptr) == "null");
  CHECK(json_excerpt("12") == "\"12\"");
  CHECK(json_excerpt(Json::object()) == "an object");
  CHECK(json_excerpt(Json::array({1, 2})) == "an array");
  CHECK(json_excerpt(std::string(40, 'x')) == "\"" + std::string(40, 'x') + "\"");
  CHECK(json_excerpt(std::string(100'000, 'x')) == "\"" + std::string(40, 'x') + "\"...");
  CHECK(json_excerpt("руб.руб.руб.руб.руб.руб.руб.") == "\"руб.руб.руб.руб.руб.ру\uFFFD\"...");
  CHECK(json_excerpt("\xff\n") == "\"\uFFFD\\n\"");
}
