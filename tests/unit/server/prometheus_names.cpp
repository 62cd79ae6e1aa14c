#include "statwire/server/prometheus_names.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace statwire::server;

namespace {

std::string mapped(std::string_view series) {
  PrometheusNames names;
  std::string name;
  std::string labels;
  names.map("before;z=1", name, labels);  // leaves nothing behind
  name.clear();
  labels.clear();
  names.map(series, name, labels);
  return name + "{" + labels + "}";
}

}  // namespace

TEST_CASE("prometheus names: tags become labels, sorted by name") {
  CHECK(mapped("api.hits") == "api_hits{}");
  CHECK(mapped("api.hits;route=/a;code=200") == R"(api_hits{code="200",route="/a"})");
  CHECK(mapped("a;b=c=d") == R"(a{b="c=d"})");
}

TEST_CASE("prometheus names: a tag without a value, an empty one, an empty name") {
  CHECK(mapped("a;flag;b=1") == R"(a{b="1",flag="true"})");
  CHECK(mapped("a;b=;c=1") == R"(a{c="1"})");
  CHECK(mapped("a;") == "a{}");
  CHECK(mapped("a;;") == "a{}");
  CHECK(mapped("a;=1") == R"(a{_="1"})");
  CHECK(mapped("") == "_{}");
  CHECK(mapped(";b=1") == R"(_{b="1"})");
}

TEST_CASE("prometheus names: tags that become one label keep all their values") {
  CHECK(mapped("a;b=1;b=2") == R"(a{b="1,2"})");
  CHECK(mapped("a;b.c=2;z=0;b/c=1") == R"(a{b_c="2,1",z="0"})");
  CHECK(mapped("a;__b=1;_b=2") == R"(a{_b="1,2"})");
  CHECK(mapped("a;quantile=1;le=2") == R"(a{le_="2",quantile_="1"})");
}
