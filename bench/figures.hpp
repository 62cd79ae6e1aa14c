#pragma once

// Figures beside their floor: the one whose name ends in "(floor)". Machines are shared and noisy, so the
// ratio of two figures of one run says more than either. Catch2 times what is as short as a call; in_turn()
// takes the CPU time of what is longer, or runs on more than one thread.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <ctime>
#endif

namespace bench {

struct Figure {
  std::string name;
  double value = 0;

  bool is_floor() const { return std::string_view{name}.ends_with("(floor)"); }
};

/// The median: on a busy machine the mean is what the neighbours do.
inline double median(std::vector<double> samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

/// Prints nothing when there is no floor.
inline void print_figures(const std::string& title, const char* unit, const std::vector<Figure>& figures) {
  const auto floor =
      std::find_if(figures.begin(), figures.end(), [](const Figure& figure) { return figure.is_floor(); });
  if (floor == figures.end()) return;
  std::printf("\n%-52s %12s %8s\n", title.c_str(), unit, "ratio");
  for (const Figure& figure : figures) {
    std::printf("  %-50s %12.1f %8.2f\n", figure.name.c_str(), figure.value, figure.value / floor->value);
  }
  std::fflush(stdout);
}

#if defined(__linux__)

struct Contestant {
  std::string name;
  std::function<void()> round;
};

/// CPU time of the whole process, the threads of clients included.
inline std::chrono::nanoseconds cpu_time() {
  std::timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

/// Runs all for one round after the other, so that what the neighbours do hits them alike; the first round is
/// not counted. Gives nanoseconds of CPU time for each of the `items` of a round, the median of the rounds.
inline std::vector<Figure> in_turn(int rounds, std::size_t items,
                                   const std::vector<Contestant>& contestants) {
  std::vector<std::vector<double>> samples(contestants.size());
  for (int round = -1; round < rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const std::chrono::duration<double, std::nano> start = cpu_time();
      contestants[i].round();
      const std::chrono::duration<double, std::nano> spent = cpu_time() - start;
      if (round >= 0) samples[i].push_back(spent.count() / static_cast<double>(items));
    }
  }
  std::vector<Figure> figures;
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    figures.push_back({contestants[i].name, median(std::move(samples[i]))});
  }
  return figures;
}

#endif  // defined(__linux__)

}  // namespace bench
