// Runs the benchmarks and prints, after each test case, every figure beside its floor: the benchmark whose
// name ends in
// "(floor)". Machines are shared and noisy, so the ratio of two figures of one run says more than either.

#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Figure {
  std::string name;
  double nanoseconds = 0;

  bool is_floor() const { return std::string_view{name}.ends_with("(floor)"); }
};

/// Collects what a test case measured and prints it when the case ends.
class RatioPrinter : public EventListener {
 public:
  using EventListener::EventListener;

  void benchmarkEnded(const Catch::BenchmarkStats<>& stats) override {
    // The median of the samples: on a busy machine the mean is what the neighbours do.
    std::vector<double> samples;
    for (const auto& sample : stats.samples) samples.push_back(sample.count());
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    figures_.push_back({stats.info.name, *middle});
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const auto floor =
        std::find_if(figures_.begin(), figures_.end(), [](const Figure& f) { return f.is_floor(); });
    if (floor != figures_.end()) {
      std::printf("\n%-52s %12s %8s\n", name_of(stats.testInfo).c_str(), "ns (median)", "ratio");
      for (const Figure& figure : figures_) {
        std::printf("  %-50s %12.1f %8.2f\n", figure.name.c_str(), figure.nanoseconds,
                    figure.nanoseconds / floor->nanoseconds);
      }
      std::fflush(stdout);
    }
    figures_.clear();
  }

 private:
  /// Version 3 hands out a pointer, version 2 the thing itself.
  static const std::string& name_of(const Catch::TestCaseInfo* test_case) { return test_case->name; }
  static const std::string& name_of(const Catch::TestCaseInfo& test_case) { return test_case.name; }

  std::vector<Figure> figures_;
};

}  // namespace

CATCH_REGISTER_LISTENER(RatioPrinter)
