#include "statwire/protocol/prometheus_text.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <string_view>

using namespace statwire::protocol;

namespace {

std::string name_of(std::string_view text) {
  std::string name;
  append_prometheus_name(name, text);
  return name;
}

std::string label_name_of(std::string_view text) {
  std::string name;
  append_prometheus_label_name(name, text);
  return name;
}

std::string label_of(std::string_view value) {
  std::string label;
  append_prometheus_label(label, "a", value);
  return label;
}

std::string number_of(double value) {
  std::string text;
  append_prometheus_number(text, value);
  return text;
}

}  // namespace

TEST_CASE("prometheus text: any text becomes a legal name") {
  CHECK(name_of("api.hits-2/total") == "api_hits_2_total");
  CHECK(name_of("Hits_total") == "Hits_total");
  CHECK(name_of("9lives") == "_9lives");
  CHECK(name_of("") == "_");
  CHECK(name_of("a:b") == "a_b");
  CHECK(name_of("a\"\n\\{}\xff") == "a______");
  CHECK(name_of("\xc3\xa9") == "__");
}

TEST_CASE("prometheus text: a name of a label is none that Prometheus keeps for itself") {
  CHECK(label_name_of("code") == "code");
  CHECK(label_name_of("http.code") == "http_code");
  CHECK(label_name_of("1st") == "_1st");
  CHECK(label_name_of("_a") == "_a");
  CHECK(label_name_of("__name__") == "_name__");
  CHECK(label_name_of("....") == "_");
  CHECK(label_name_of("") == "_");
  CHECK(label_name_of("le") == "le_");
  CHECK(label_name_of("quantile") == "quantile_");
}

TEST_CASE("prometheus text: values of labels are escaped, and empty ones left out") {
  CHECK(label_of("/a b") == R"(a="/a b")");
  CHECK(label_of("a\\b\"c\nd") == R"(a="a\\b\"c\nd")");
  CHECK(label_of("") == "");
  std::string labels = label_of("1");
  append_prometheus_label(labels, "b", "");
  append_prometheus_label(labels, "c", "2");
  CHECK(labels == R"(a="1",c="2")");
}

TEST_CASE("prometheus text: what is no UTF-8 is replaced, byte by byte") {
  const std::string whole = "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80";
  CHECK(label_of(whole) == "a=\"" + whole + "\"");
  CHECK(label_of("x\xff") == "a=\"x\xef\xbf\xbd\"");
  CHECK(label_of("\xc3") == "a=\"\xef\xbf\xbd\"");
  CHECK(label_of("\xe2\x82") == "a=\"\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(label_of("\xc3\"") == "a=\"\xef\xbf\xbd\\\"\"");
  for (const char* bad : {"\xc0\x80", "\xc1\xbf"}) CHECK(label_of(bad) == "a=\"\xef\xbf\xbd\xef\xbf\xbd\"");
  for (const char* bad : {"\xe0\x9f\xbf", "\xed\xa0\x80"}) {  // overlong, half of a pair
    CHECK(label_of(bad) == "a=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  }
  for (const char* bad : {"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
    CHECK(label_of(bad) == "a=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  }
  CHECK(label_of("\xed\x9f\xbf\xf4\x8f\xbf\xbf") == "a=\"\xed\x9f\xbf\xf4\x8f\xbf\xbf\"");
}

TEST_CASE("prometheus text: numbers") {
  CHECK(number_of(0) == "0");
  CHECK(number_of(-3) == "-3");
  CHECK(number_of(0.1) == "0.1");
  CHECK(number_of(1e300) == "1e+300");
  CHECK(number_of(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(number_of(-std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(number_of(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(number_of(-std::numeric_limits<double>::infinity()) == "-Inf");
}

TEST_CASE("prometheus text: a family and its samples") {
  std::string text;
  append_prometheus_family(text, "hits_total", PrometheusType::counter, "Hits, \"all\"\nof \\them");
  append_prometheus_sample(text, "hits_total", "", 3);
  append_prometheus_sample(text, "hits_total", R"(code="200")", 2.5);
  CHECK(text == R"(# HELP hits_total Hits, "all"\nof \\them
# TYPE hits_total counter
hits_total 3
hits_total{code="200"} 2.5
)");
  const auto line_of = [](PrometheusType type) {
    std::string lines;
    append_prometheus_family(lines, "a", type, "b");
    return lines.substr(lines.find('\n') + 1);
  };
  CHECK(line_of(PrometheusType::gauge) == "# TYPE a gauge\n");
  CHECK(line_of(PrometheusType::histogram) == "# TYPE a histogram\n");
  CHECK(line_of(PrometheusType::summary) == "# TYPE a summary\n");
  CHECK(line_of(PrometheusType::untyped) == "# TYPE a untyped\n");
}
