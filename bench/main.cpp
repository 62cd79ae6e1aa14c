// Runs the benchmarks and prints, after each test case, every figure of Catch2's beside its floor. Cases that
// take their times themselves print them in the same way.

#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "figures.hpp"

namespace {

/// Collects what a test case measured and prints it when the case ends.
class RatioPrinter : public EventListener {
 public:
  using EventListener::EventListener;

  void benchmarkEnded(const Catch::BenchmarkStats<>& stats) override {
    std::vector<double> samples;
    for (const auto& sample : stats.samples) samples.push_back(sample.count());
    figures_.push_back({stats.info.name, bench::median(std::move(samples))});
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    bench::print_figures(name_of(stats.testInfo), "ns (median)", figures_);
    figures_.clear();
  }

 private:
  /// Version 3 hands out a pointer, version 2 the thing itself.
  static const std::string& name_of(const Catch::TestCaseInfo* test_case) { return test_case->name; }
  static const std::string& name_of(const Catch::TestCaseInfo& test_case) { return test_case.name; }

  std::vector<bench::Figure> figures_;
};

}  // namespace

CATCH_REGISTER_LISTENER(RatioPrinter)
