// Of a stream's operations, the compiler names the one that is missing.
// expect: HasWriteSome
#include "statwire/metrics.hpp"

struct ReadOnly {
  void connect(statwire::Deadline, std::error_code&);
  std::size_t read_some(std::span<char>, statwire::Deadline, std::error_code&);
  void close() noexcept;
};
statwire::MetricsClient<ReadOnly> client{ReadOnly{}};
