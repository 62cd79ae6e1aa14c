// The Mesos collector's arithmetic and JSON against Python's own, with whose the original worked: thousands
// of random samples and values, all of them by one process.

#include <ostream>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <variant>
#include <vector>

#include "mesos_collector/document.hpp"
#include "mesos_collector/python_json.hpp"
#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/random_bytes.hpp"
#include "support/scratch_directory.hpp"
#include "support/text.hpp"

using namespace mesos_collector;
using namespace statwire::test;

namespace {

/// A line is a value, which is printed again, or two samples in an array, of which a document is printed, or
/// null when there is none. Fractions are exact, and Python rounds a quotient of integers to the nearest
/// double.
constexpr const char* python_program = R"(
import json, sys
from decimal import Decimal
from fractions import Fraction

def rounded(value, decimals):
    scaled = abs(value) * 10 ** decimals
    digits = -(-scaled.numerator // scaled.denominator)
    return float(Fraction(digits if value >= 0 else -digits, 10 ** decimals))

def document(before, now):
    b, n = before['statistics'], now['statistics']
    def used(name):
        return Fraction(n[name]) - Fraction(b[name])
    period = Fraction(n['timestamp'] - b['timestamp'])
    user, system = used('cpus_user_time_secs'), used('cpus_system_time_secs')
    limit = Fraction(Decimal(str(n['cpus_limit'])))
    own = limit - Fraction(1, 10)
    made = {
        'timestamp': n['timestamp'], 'cpu_limit': rounded(own, 1), 'cpu_limit_raw': rounded(limit, 1),
        'host': 'host:5051', 'taskname': now['executor_id'], 'appname': '/app', 'period_secs': rounded(period, 5),
        'cpu_usr_secs': rounded(user, 5), 'cpu_sys_secs': rounded(system, 5)}
    throttles = 'cpus_throttled_time_secs' in n
    throttled = Fraction(n.get('cpus_throttled_time_secs', 0)) - Fraction(b.get('cpus_throttled_time_secs', 0))
    if throttles:
        made['cpu_thr_secs'] = rounded(throttled, 5)
    made['mem_bytes'] = n['mem_rss_bytes']
    made['mem_pct'] = rounded(100 * Fraction(n['mem_rss_bytes']) / Fraction(n['mem_limit_bytes']), 5)
    made['cpu_sys_host_pct'] = rounded(100 * system / period, 5)
    made['cpu_usr_host_pct'] = rounded(100 * user / period, 5)
    made['cpu_usr_pct'] = rounded(100 * user / period / own, 5)
    made['cpu_sys_pct'] = rounded(100 * system / period / own, 5)
    if throttles:
        made['cpu_thr_pct'] = rounded(100 * throttled / period, 5)
    made['cpu_pct'] = rounded(100 * (user + system) / period / own, 5)
    made['cpu_host_pct'] = rounded(100 * (user + system) / period, 5)
    return made

sys.stdout.reconfigure(encoding='utf-8')
for line in open(sys.argv[1], encoding='ascii'):
    value = json.loads(line)
    if isinstance(value, list):
        try:
            value = document(*value)
        except (ZeroDivisionError, OverflowError):
            value = None
    print(json.dumps(value, ensure_ascii=False))
)";

class RandomJson {
 public:
  explicit RandomJson(std::uint64_t seed) : random_{seed} {}

  double any_double() {
    const auto value = std::bit_cast<double>(random_.bits());
    return std::isfinite(value) ? value : 0.0;
  }

  /// With as many decimals as such figures have, or without any.
  Json figure(std::size_t most) {
    constexpr double scales[] = {1, 10, 100, 1e5, 1e9};
    if (random_.up_to(9) == 0) return random_.up_to(most);
    const double scale = scales[random_.up_to(std::size(scales) - 1)];
    return std::round(static_cast<double>(random_.up_to(most * 1000)) / 1000 * scale) / scale;
  }

  Json text() {
    std::string text = random_.string(20);
    for (std::size_t left = random_.up_to(10); left > 0; --left) append_character(text);
    return Json::parse(Json(text).dump(-1, ' ', true, Json::error_handler_t::replace));
  }

  Json value() {
    Json object = Json::object();
    for (std::size_t left = random_.up_to(5); left > 0; --left) {
      object[text().get<std::string>()] = {any_double(), figure(1'000'000), text(),
                                           static_cast<std::int64_t>(random_.bits()), random_.bits()};
    }
    return object;
  }

  /// Wild ones have numbers of any size.
  Json task(bool is_wild) {
    Json statistics;
    for (const char* const field : {"cpus_user_time_secs", "cpus_system_time_secs", "timestamp"}) {
      statistics[field] = is_wild ? Json(any_double()) : figure(100);
    }
    if (random_.up_to(2) != 0) statistics["cpus_throttled_time_secs"] = figure(50);
    statistics["cpus_limit"] = is_wild ? Json(any_double()) : figure(4);
    statistics["mem_rss_bytes"] = is_wild ? Json(random_.bits()) : figure(1 << 30);
    statistics["mem_limit_bytes"] = is_wild ? Json(any_double()) : figure(1 << 20);
    return {{"executor_id", "app.1"}, {"statistics", statistics}};
  }

 private:
  void append_character(std::string& text) {
    constexpr std::size_t last = 0x10FFFF;
    const std::size_t code = 0x10000 + random_.up_to(last - 0x10000);
    text += static_cast<char>(0xF0 | (code >> 18));
    for (const unsigned shift : {12U, 6U, 0U}) text += static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  }

  RandomBytes random_;
};

/// Our text for a line of the program.
std::string our_text(const Json& value) {
  if (!value.is_array()) return to_python_json(value);
  const auto built = build_document("host:5051", value[0], value[1], {.publish_resets = true});
  const auto* const document = std::get_if<Json>(&built);
  return document != nullptr ? to_python_json(*document) : "null";
}

}  // namespace

TEST_CASE("mesos collector: documents and JSON are what Python makes of the same values, byte for byte") {
  if (is_missing("Python", "/usr/bin/python3")) return;
  constexpr int count = 3000;
  RandomJson random{1};
  std::vector<Json> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(random.value());
    values.push_back(Json::array({random.task(false), random.task(false)}));
    values.push_back(Json::array({random.task(i % 2 == 0), random.task(true)}));
  }
  std::string lines;
  for (const Json& value : values) lines += value.dump(-1, ' ', true) + '\n';
  const ScratchDirectory scratch;
  ChildProcess python{{"/usr/bin/python3", "-c", python_program, scratch.write("values", lines)}};
  REQUIRE_MESSAGE(python.wait() == 0, python.output());
  const std::vector<std::string> texts = split(python.output(), '\n');
  REQUIRE(texts.size() == values.size() + 1);
  std::size_t documents = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(values[i].dump());
    REQUIRE(our_text(values[i]) == texts[i]);
    if (values[i].is_array() && texts[i] != "null") ++documents;
  }
  CHECK(documents > count);
}
