#include "online_store/conversion_rate.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <string>

#include "online_store/metrics_page.hpp"

using namespace online_store;
using Json = nlohmann::json;

TEST_CASE("conversion rate: it is a hundredth of what stands on either page") {
  const Figures figures{.users_count = 1, .conversion = 66.67, .aov = 2};
  CHECK(conversion_rate(metrics_page(figures, {})).value == 66.67 / 100);
  CHECK(conversion_rate(compatible_page(figures)).value == 66.67 / 100);
  CHECK(conversion_rate(raw_page(figures, 5)).value == 66.67 / 100);
  CHECK(conversion_rate("conversion 100").value == 1);
  CHECK(conversion_rate("conversion 0\n").value == 0);
}

TEST_CASE("conversion rate: a label is none of the name, and the first of several counts") {
  CHECK(conversion_rate("conversion{shop=\"north\"} 5\nconversion{shop=\"south\"} 7\n").value == 0.05);
  CHECK(conversion_rate("conversion{shop=\"}\\\"{\",} 5 1542848400006\n").value == 0.05);
}

TEST_CASE("conversion rate: a page without the sample is one all the same") {
  for (const char* const page : {"", "# TYPE conversion gauge\n", "conversion_total 5\n", "my_conversion 5\n",
                                 "Conversion 5\n", "# conversion 5\n"}) {
    CAPTURE(page);
    const ConversionRate rate = conversion_rate(page);
    CHECK_FALSE(rate.value);
    CHECK(rate.problem == "the page has no sample 'conversion'");
    CHECK(rate.is_page);
  }
}

TEST_CASE("conversion rate: what is no number for JSON is none") {
  for (const char* const number : {"NaN", "+Inf", "-Inf"}) {
    CAPTURE(number);
    const ConversionRate rate = conversion_rate(std::string{"conversion "} + number + "\n");
    CHECK_FALSE(rate.value);
    CHECK(rate.problem == "the page's sample 'conversion' is no finite number");
    CHECK(rate.is_page);
  }
}

TEST_CASE("conversion rate: what is no page is told, with its line") {
  for (const char* const page :
       {"<!doctype html>\n<title>404</title>\n", "conversion\n", "conversion x\n", "conversion 5 5 5\n"}) {
    CAPTURE(page);
    const ConversionRate rate = conversion_rate(page);
    CHECK_FALSE(rate.value);
    CHECK(rate.problem.starts_with("the page is none of Prometheus: line 1"));
    CHECK_FALSE(rate.is_page);
  }
  const ConversionRate cut = conversion_rate("conversion 5\ntov{\n");  // what stands before counts no more
  CHECK_FALSE(cut.value);
  CHECK(cut.problem.starts_with("the page is none of Prometheus: line 2"));
}

TEST_CASE("conversion rate: the answers are JSON, whatever another server sent") {
  CHECK(conversion_rate_answer(0.25, 1'542'848'400) ==
        R"({"timestamp":1542848400,"contents":[{"conversion_rate":0.25}],"check":true})");
  CHECK(error_answer("no \"page\"\n") == R"({"error":"no \"page\"\n"})");
  CHECK(Json::parse(error_answer("\xff")).at("error") == "\xef\xbf\xbd");
}
