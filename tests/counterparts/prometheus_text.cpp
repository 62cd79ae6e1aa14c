// Pages for Prometheus beside promtool and Python's prometheus_client: what either takes, our reader takes,
// with the same values; and what our writer makes of any families, both take and read back.

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "statwire/prometheus.hpp"
#include "statwire/protocol/prometheus_rules.hpp"
#include "statwire/protocol/prometheus_scan.hpp"
#include "support/counterpart.hpp"
#include "support/hostile_families.hpp"
#include "support/prometheus_readers.hpp"
#include "support/random_bytes.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

const std::vector<std::string> odd_text_pages{
    "",
    "\n\n \t\n",
    "a 1\n",
    "a 1",
    " \ta\t 1 \t\n",
    "a 1\t2\n",
    "a 1 -5\na 2 +7\n",
    "a 1 1.5\n",
    "a 1 1e3\r\nb 2\r\n",
    "a+1\na-1\na.5\n",
    "a{}1\na{b=\"c\"}1\n",
    "a {b=\"c\"} 1\n",
    "a{ b = \"c\" , d\t=\t\"e\" } 1\n",
    "a{b=\"c\",} 1\n",
    "a{b=\"c\", } 1\n",
    "a{b=\"c\" d=\"e\"} 1\n",
    "a{,} 1\n",
    "a{b=\"\"} 1\na 2\n",
    "a{b=\"x\\\\y\\\"z\\n}{,=#\"} 1\n",
    "a{b=\"\\t\\\\n\\\\\"} 1\n",
    "a{b=\"caf\xc3\xa9 \xf0\x9f\x98\x80 \xe2\x80\xa8\"} 1\n",
    "a{b=\"1\xc2\xa0\"} 1\n",
    std::string{"a{b=\"x\0y\"} 1\n", 14},
    "a{b=\"x\ry\vz\x1f\"} 1\n",
    "a{__x=\"1\",le=\"2\",quantile=\"3\"} 1\n",
    "a 1\nb 2\na 3\n",
    "a 1\na 1\n",
    ":a:b 1\n_ 2\nA9 3\n",
    "a .5\nb 5.\nc +1\nd -0\ne 1E+5\nf 1e-5\ng 00012\n",
    "a Inf\nb +inf\nc -INF\nd infinity\ne +Infinity\nf -iNf\n",
    "a NaN\nb nan\nc NAN\nd -nan\ne +nan\n",
    "a 1e400\nb -1e400\nc 1e-400\nd -1e-400\ne 0e99999999999999999999\nf 1e99999999999999999999\n",
    "a 0.00000000000000000000000000000000000000000000000000000000000000000000000000000000001e80\n",
    "a 1_000.2_5\n",
    "a 179769313486231580793728971405301000000000000000000000000000000000000000000000000000000000000\n",
    "a 2.2250738585072011e-308\nb 9007199254740993\nc 0.1\nd 123456789.123456789\n",
    "# HELP a\n# TYPE a\na 1\n",
    "# HELP\n# TYPE\n#\n#x\n# comment a b\na 1\n",
    "#HELP a text\n#TYPE a gauge\na 1\n",
    "##TYPE a gauge\na 1\n",
    " \t#\tTYPE \t a \t gauge\na 1\n",
    "# TYPE a Gauge\na 1\n# TYPE b COUNTER\nb 1\n",
    "# TYPE a gauge \t\na 1\n",
    "# TYPE a unknown\na 1\n# TYPE b untyped\nb 1\n",
    "# TYPE a info\na_info{b=\"c\"} 1\n# TYPE s stateset\ns{s=\"on\"} 1\n",
    "# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 1\na_gcount 1\na_gsum 2\n",
    "# TYPE a gauge_histogram\na_bucket{le=\"+Inf\"} 1\n",
    "# HELP a one\\ntwo\\\\three\\tfour \\\"five\\\"\na 1\n",
    "# HELP a   lead and trail  \na 1\n",
    "# HELP a \n# TYPE a gauge\na 4.0\n",
    "# HELP a x\n# HELP a y\na 1\n",
    "# TYPE a gauge\n# TYPE a counter\na 1\n",
    "a 1\n# HELP a late\n",
    "a 1\n# TYPE a gauge\na 2\n",
    "# TYPE a gauge\na 1\nb 2\n# HELP a again\na{c=\"d\"} 3\n",
    "# TYPE a counter\na 1\na_total 2\na_created 3\n",
    "# TYPE a_total counter\na_total 1\n",
    "# TYPE s summary\ns_sum 1\ns{quantile=\"0.5\"} 2\ns_count 3\ns_bucket 4\ns 5\n",
    "s_sum 1\n# TYPE s summary\ns_sum{x=\"y\"} 2\n",
    "# TYPE s summary\n# HELP s_sum other\ns_sum 1\n",
    "# TYPE h histogram\nh_count 3\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 5\nh 1\n",
    "# TYPE h histogram\nh_bucket{x=\"1\",le=\"+Inf\"} 3\nother 1\nh_sum{x=\"1\"} 5\n",
    "# TYPE h histogram\nh_bucket 1\nh_bucket{le=\"1\"} NaN\nh_count -1\n",
    "# UNIT a seconds\na 1\n# EOF\nb 2\n",
    "# HELP a bytes \xff\xfe\na 1\n",
    "a{b=\"c\"} 1 # 2\n",
    "a 1 2 3\n",
    "a 1x\n",
    "a 0x10\n",
    "a{b=\"c\",b=\"d\"} 1\n",
    "{b=\"c\"} 1\n",
    "a{b=\"c\n\"} 1\n",
    "a{b=\"c} 1\n",
    "a{b=\"\xff\"} 1\n",
    "a\n",
    "9a 1\n",
    "# TYPE a gage\na 1\n",
};

const std::vector<std::string> odd_openmetrics_pages{
    "# EOF\n",
    "# EOF",
    "",
    "a 1\n",
    "a 1\n# EOF\n",
    "a 1\n# EOF\n\n",
    "a 1\n\n# EOF\n",
    "a  1\n# EOF\n",
    "a 1 \n# EOF\n",
    "a\t1\n# EOF\n",
    "# HELP a \n# TYPE a gauge\n# UNIT a \na 1\n# EOF\n",
    "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds x \\\"y\\\" \\n\\\\ \\t "
    "\\\na_seconds 1\n# EOF\n",
    "# TYPE a counter\na_total 1 # {b=\"c\"} 0.5 1.25\na_created 1520430000.123\n# EOF\n",
    "# TYPE a counter\na_total{x=\" # \"} 1 1.5 # {} 0.5\na_created{x=\" # \"} 2 1.5\n# EOF\n",
    "# TYPE a counter\na_total 1 # {b=\"c\",d=\"e\"} NaN\n# EOF\n",
    "# TYPE a histogram\na_bucket{le=\"1.0\"} 1\na_bucket{le=\"+Inf\"} 2 # {t=\"x y\"} 9 1e3\na_count "
    "2\na_sum 3\n# EOF\n",
    "# TYPE a gaugehistogram\na_bucket{le=\"-1\"} 1\na_bucket{le=\"+Inf\"} 2\na_gcount 2\na_gsum -3\n# EOF\n",
    "# TYPE a summary\na{quantile=\"0\"} 1\na{quantile=\"1.0\"} NaN\na_count 1\na_sum 1e3\n# EOF\n",
    "# TYPE a info\na_info{v=\"1\"} 1\na_info{v=\"2\"} 1\n# EOF\n",
    "# TYPE a stateset\na{a=\"on\"} 1\na{a=\"off\"} 0\n# EOF\n",
    "# TYPE a unknown\na 1\n# EOF\n",
    "a{} 1\nb{c=\"}\"} 1\n# EOF\n",
    "a{b=\"\\\\\\\"\\n\\t\"} 1\n# EOF\n",
    "a{b=\"c\",} 1\n# EOF\n",
    "a{b=\"c\" } 1\n# EOF\n",
    "a{b=\"c\"}  1\n# EOF\n",
    "a {b=\"c\"} 1\n# EOF\n",
    "a 1 1520430000\na 2 1520430000.5\n# EOF\n",
    "a 1 1520879607.789123456\nb 1 1.5e9\nc 1 -1.25\nd 1 5.\ne 1 .5\nf 1 +3\n# EOF\n",
    "a 1 nan\n# EOF\n",
    "a 1_0\n# EOF\n",
    "a 1e400\nb Inf\nc -inf\nd nan\ne +1\nf .5\ng 123456789012345678901234567890\n# EOF\n",
    "a 0x1\n# EOF\n",
    "# TYPE a gauge\na 1\nb 2\n# TYPE c gauge\nc 3\n# EOF\n",
    "# TYPE a counter\n# TYPE b gauge\nb 1\n# EOF\n",
    "# comment\na 1\n# EOF\n",
    "#HELP a b\na 1\n# EOF\n",
};

/// Whether our reader refuses on purpose what Python takes: there Python passes over text that it cannot
/// place, takes a wrong TYPE that another one follows, or loses data. By what our reader says.
bool is_refused_on_purpose(const PrometheusError& error) {
  static const std::set<std::string_view> refusals{
      protocol::prometheus_name_form,            // `#TYPE 9a gauge`, a comment to Python
      protocol::prometheus_label_form,           // {1="x"}, {_:="x"}
      protocol::prometheus_type_form,            // `# TYPE a gage`, and another TYPE
      protocol::prometheus_number_form,          // `a{}1a{b="c"} 2`: all but the last number is passed over
      "'=' after the name of a label",           // {b c="x"}
      "the value of a label in double quotes",   // {b=c"x"}
      "double quotes that end within the line",  // {b="x\"}
      "each label once",                         // Python's last one counts
      "a time in milliseconds, or the end of the line",                         // `a 1 junk 2`, `a 1 nan`
      "'# HELP name text', '# TYPE name type', '# UNIT name unit' or '# EOF'",  // `#x HELP a b`
      "one blank and a value",                                                  // `a{}x1`
      "one blank and a time in seconds, ' # {' and an exemplar, or the end of the line",  // beyond 64 bits
  };
  return refusals.contains(error.expected);
}

/// In OpenMetrics a series that comes again at the same time is one to Python.
void drop_repeated(PlainPage& page) {
  const auto end =
      std::unique(page.samples.begin(), page.samples.end(), [](const PlainSample& a, const PlainSample& b) {
        return a.series == b.series && a.milliseconds == b.milliseconds;
      });
  page.samples.erase(end, page.samples.end());
}

/// Reads every page with all readers, the first ones also with promtool; ours takes what one of theirs does,
/// with the same values. Returns the pages that it refuses on purpose.
std::vector<std::string> compare(const std::vector<std::string>& pages, PrometheusFormat format,
                                 std::size_t for_promtool) {
  const auto theirs = read_with_python(pages, format);
  const auto taken =
      take_with_promtool({pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(for_promtool)});
  std::vector<std::string> refused;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    CAPTURE(pages[i]);
    PrometheusError error;
    const auto ours = parse_prometheus(pages[i], format, error);
    if (i < taken.size() && taken[i])
      CHECK_MESSAGE(ours, "promtool takes it, we do not: " << error.message());
    if (!theirs[i]) continue;
    if (!ours) {
      CHECK_MESSAGE(is_refused_on_purpose(error), "Python takes it, we do not: " << error.message());
      refused.push_back(pages[i]);
      continue;
    }
    PlainPage plain = plain_page(*ours, format);
    if (format == PrometheusFormat::openmetrics) drop_repeated(plain);
    CHECK(difference(plain, *theirs[i]) == "");
  }
  return refused;
}

std::vector<std::string> mutated(std::vector<std::string> pages, std::size_t rounds, std::uint64_t seed) {
  static constexpr char literal[] = "{}\",= \t\n\\#_:.+-019eEaInfNTYPHL\r\0\xc3\xff";
  constexpr std::string_view bytes{literal, sizeof(literal) - 1};
  RandomBytes random{seed};
  std::vector<std::string> all;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::string page = pages[random.up_to(pages.size() - 1)];
    for (std::size_t changes = random.up_to(2) + 1; changes != 0 && !page.empty(); --changes) {
      const std::size_t at = random.up_to(page.size() - 1);
      const char byte = bytes[random.up_to(bytes.size() - 1)];
      switch (random.up_to(3)) {
        case 0:
          page.insert(at, 1, byte);
          break;
        case 1:
          page[at] = byte;
          break;
        case 2:
          page.erase(at, 1);
          break;
        default:
          page.insert(at, page.substr(random.up_to(page.size() - 1), random.up_to(12)));
      }
    }
    all.push_back(page);
  }
  return all;
}

void write_and_read(std::uint64_t seed, PrometheusFormat format) {
  constexpr std::size_t page_count = 60;
  FamilyMaker maker{seed};
  std::vector<Families> made;
  std::vector<std::string> pages;
  for (std::size_t i = 0; i < page_count; ++i) {
    made.push_back(maker.make(12));
    pages.push_back(write_prometheus(made.back().written, format));
  }
  const auto theirs = read_with_python(pages, format);
  if (format == PrometheusFormat::text) {
    const auto taken = take_with_promtool(pages);
    CHECK(std::count(taken.begin(), taken.end(), true) == page_count);
  }
  for (std::size_t i = 0; i < page_count; ++i) {
    CAPTURE(pages[i]);
    REQUIRE(theirs[i]);
    PlainPage expected = plain_page(made[i].read, format);
    if (format == PrometheusFormat::text) {
      for (PlainSample& sample : expected.samples) sample.exemplar.clear();
    } else {
      CHECK(expected.families == theirs[i]->families);
    }
    CHECK(difference(expected, *theirs[i]) == "");
    const auto ours = parse_prometheus(pages[i], format);
    CHECK(difference(plain_page(ours, format), *theirs[i]) == "");
    CHECK(write_prometheus(ours, format) == pages[i]);
  }
}

}  // namespace

TEST_CASE("prometheus text: odd pages are read as promtool and Python read them") {
  if (is_missing("prometheus", find_daemon("promtool")) || is_missing_prometheus_client()) return;
  const auto refused = compare(odd_text_pages, PrometheusFormat::text, odd_text_pages.size());
  CHECK(refused == std::vector<std::string>{"a{b=\"c\"} 1 # 2\n", "a 1 2 3\n", "a{b=\"c\",b=\"d\"} 1\n"});
}

TEST_CASE("prometheus text: odd pages of OpenMetrics are read as Python reads them") {
  if (is_missing_prometheus_client()) return;
  CHECK(compare(odd_openmetrics_pages, PrometheusFormat::openmetrics, 0).empty());
}

TEST_CASE("prometheus text: pages with mistakes are read as promtool and Python read them") {
  if (is_missing("prometheus", find_daemon("promtool")) || is_missing_prometheus_client()) return;
  const auto pages = mutated(odd_text_pages, 5'000, 4);
  CHECK(compare(pages, PrometheusFormat::text, 150).size() < pages.size() / 20);
}

TEST_CASE("prometheus text: pages of OpenMetrics with mistakes are read as Python reads them") {
  if (is_missing_prometheus_client()) return;
  const auto pages = mutated(odd_openmetrics_pages, 5'000, 5);
  CHECK(compare(pages, PrometheusFormat::openmetrics, 0).size() < pages.size() / 50);
}

TEST_CASE("prometheus text: promtool and Python take what is written of hostile families, and read it back") {
  if (is_missing("prometheus", find_daemon("promtool")) || is_missing_prometheus_client()) return;
  write_and_read(6, PrometheusFormat::text);
}

TEST_CASE(
    "prometheus text: Python takes what is written of hostile families as OpenMetrics, and reads it back") {
  if (is_missing_prometheus_client()) return;
  write_and_read(7, PrometheusFormat::openmetrics);
}
