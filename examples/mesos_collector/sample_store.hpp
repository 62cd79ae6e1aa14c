#pragma once

// Where the previous sample of each task is kept between two rounds.

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace mesos_collector {

struct Sample {
  std::string task{};  ///< The executor's id, and the key.
  std::string text{};  ///< The whole task object as JSON.
};

/// What was there before.
struct PreviousSample {
  /// None: this is the first sample, or `error` says why it is not known.
  std::optional<std::string> text{};
  std::string error{};  ///< Of this key alone, as the store put it.
};

/// The store does not answer, or not as such a store does. The message names its address and the reason.
class StoreAway : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// May be called from several threads at once.
class SampleStore {
 public:
  virtual ~SampleStore() = default;

  /// Throws StoreAway unless the store answers now; connects when it has to.
  virtual void check() = 0;

  /// Puts each sample in the place of the previous one, and returns those, in the same order. Throws
  /// StoreAway; then it is not known which of them were put.
  virtual std::vector<PreviousSample> exchange(const std::vector<Sample>& samples) = 0;
};

}  // namespace mesos_collector
