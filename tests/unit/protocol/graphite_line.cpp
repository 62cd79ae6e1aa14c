#include "statwire/protocol/graphite_line.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "support/random_bytes.hpp"
#include "support/text.hpp"

using namespace statwire::protocol;

namespace {

std::string graphite(std::string_view key, double value = 1, std::int64_t timestamp = 7) {
  std::string line;
  append_graphite(line, key, value, timestamp);
  return line;
}

std::string opentsdb(std::string_view key, double value = 1, std::int64_t timestamp = 7) {
  std::string line;
  append_opentsdb(line, key, value, timestamp, "host=a");
  return line;
}

}  // namespace

TEST_CASE("graphite line: key, value, time; it is appended to what is there") {
  std::string lines;
  append_graphite(lines, "a.b", 0.5, 1'700'000'000);
  append_graphite(lines, "c", 301, 1);
  CHECK(lines == "a.b 0.5 1700000000\nc 301 1\n");
}

TEST_CASE("opentsdb line: put, key, time, value, tag") {
  std::string lines;
  append_opentsdb(lines, "a.b", 0.5, 1'700'000'000, "host=web-1");
  append_opentsdb(lines, "c", -3, 4'294'967'295, "source=x");
  CHECK(lines == "put a.b 1700000000 0.5 host=web-1\nput c 4294967295 -3 source=x\n");
}

TEST_CASE("graphite line: values are the shortest text that floats are read from") {
  CHECK(graphite("a", 0.1) == "a 0.1 7\n");
  CHECK(graphite("a", -0.0) == "a 0 7\n");
  CHECK(graphite("a", 1e16) == "a 1e+16 7\n");
  CHECK(graphite("a", 5e-324) == "a 5e-324 7\n");
  CHECK(graphite("a", -1.7976931348623157e308) == "a -1.7976931348623157e+308 7\n");
  CHECK(opentsdb("a", 1.25e-9) == "put a 7 1.25e-09 host=a\n");
}

TEST_CASE("graphite line: the bytes of a key that stay") {
  CHECK(graphite("aZ09_-.:@%+#") == "aZ09_-.:@%+# 1 7\n");
  CHECK(opentsdb("aZ09_-./") == "put aZ09_-./ 7 1 host=a\n");
}

TEST_CASE("graphite line: the bytes of a key that are mapped") {
  CHECK(graphite("a/b") == "a-b 1 7\n");
  CHECK(graphite("a,b*c?d{e}f[g]h(i)\"j'k~l!m^n\\o") == "a_b_c_d_e_f_g_h_i__j_k_l_m_n_o 1 7\n");
  CHECK(graphite("gr\xc3\xb6\xc3\x9f"
                 "e\xc2\xa0"
                 "b") == "gr____e__b 1 7\n");
  CHECK(graphite("\xff\xfe") == "__ 1 7\n");
  CHECK(opentsdb("a:b;c=d@e\xc3\xa4") == "put a_b_c_d_e__ 7 1 host=a\n");
}

TEST_CASE("graphite line: semicolons and equals signs stay where they make tags") {
  CHECK(graphite("a.b;env=prod;dc=x=y") == "a.b;env=prod;dc=x=y 1 7\n");
  CHECK(graphite("a;k=~v!") == "a;k=_v_ 1 7\n");
  for (const std::string_view key :
       {"a;", "a;b", "a;=v", "a;k=", "a;k=v;", ";k=v", "a=b", "a=b;k=v", ";", "="}) {
    CAPTURE(key);
    CHECK_FALSE(has_graphite_tags(key));
    CHECK(graphite(key).find_first_of(";=") == std::string::npos);
  }
  CHECK(graphite("a;k=") == "a_k_ 1 7\n");
}

TEST_CASE("graphite line: whatever a key holds, it is one line of as many words as any other") {
  statwire::test::RandomBytes random{31};
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "k" + random.string(40);
    const std::string plain = graphite(key);
    CHECK(plain.find('\n') == plain.size() - 1);
    CHECK(plain.size() == key.size() + 5);
    CHECK(statwire::test::split(plain, ' ').size() == 3);
    const std::string put = opentsdb(key);
    CHECK(put.find('\n') == put.size() - 1);
    CHECK(statwire::test::split(put, ' ').size() == 5);
    for (const char c : plain + put) CHECK((c == '\n' || (c >= ' ' && c < 0x7f)));
  }
}

TEST_CASE("graphite line: what neither protocol can say is not forwardable") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(is_forwardable(0, 1));
  CHECK(is_forwardable(-1e308, 4'294'967'295));
  CHECK_FALSE(is_forwardable(std::nan(""), 1));
  CHECK_FALSE(is_forwardable(infinity, 1));
  CHECK_FALSE(is_forwardable(-infinity, 1));
  CHECK_FALSE(is_forwardable(1, 0));   // some listeners take it as now
  CHECK_FALSE(is_forwardable(1, -1));  // all of them do
  CHECK_FALSE(is_forwardable(1, std::numeric_limits<std::int64_t>::min()));
  CHECK_FALSE(is_forwardable(1, 4'294'967'296));
}

TEST_CASE("opentsdb line: a tag is a name and a value") {
  for (const std::string_view tag : {"host=a", "a.b/c-d_e=F.0"}) CHECK(is_valid_opentsdb_tag(tag));
  for (const std::string_view tag :
       {"", "=", "host", "host=", "=a", "a=b=c", "a=b c", "a=b\n", "a b=c", "h\xc3\xa4=b", "a=b c=d"}) {
    CAPTURE(tag);
    CHECK_FALSE(is_valid_opentsdb_tag(tag));
  }
}
