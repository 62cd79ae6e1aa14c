#include "statwire/aggregate/sample_ring.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <vector>

#include "statwire/detail/random.hpp"

using statwire::aggregate::SampleRing;
using Samples = std::vector<std::uint64_t>;

TEST_CASE("sample ring: what was pushed is taken once, in order, also past the end of the memory") {
  SampleRing ring{3};
  Samples samples;
  for (std::uint64_t round = 0; round < 5; ++round) {
    CHECK(ring.push(round));
    CHECK(ring.push(round + 10));
    samples.clear();
    CHECK(ring.take(samples) == 2);
    CHECK(samples == Samples{round, round + 10});
  }
  samples.clear();
  CHECK(ring.take(samples) == 0);
  CHECK(samples.empty());
}

TEST_CASE("sample ring: over the bound it keeps a sample of each place and counts all") {
  SampleRing ring{2};
  CHECK(ring.push(1));
  CHECK(ring.push(2));
  CHECK(!ring.push(3));
  CHECK(ring.leave_out(2));  // of three, the third place
  CHECK(!ring.push(4));
  CHECK(!ring.leave_out(1));  // of four, the second place
  ring.push_over_bound(4, 1);
  Samples samples;
  CHECK(ring.take(samples) == 4);
  CHECK(samples == Samples{1, 4});
  ring.push_over_bound(5, 0);  // there was room again when the lock was there
  samples.clear();
  CHECK(ring.take(samples) == 1);
  CHECK(samples == Samples{5});
}

TEST_CASE("sample ring: every sample of an interval is kept with the same probability") {
  constexpr int rounds = 20'000;
  std::map<std::uint64_t, int> kept;
  SampleRing ring{4};
  for (int round = 0; round < rounds; ++round) {
    for (std::uint64_t i = 0; i < 16; ++i) {
      const std::uint64_t random = statwire::detail::random_bits();
      if (!ring.push(i) && !ring.leave_out(random)) ring.push_over_bound(i, random);
    }
    Samples samples;
    REQUIRE(ring.take(samples) == 16);
    for (const std::uint64_t sample : samples) ++kept[sample];
  }
  // 5000 each; eight standard deviations are 490.
  for (std::uint64_t i = 0; i < 16; ++i) {
    CHECK(kept[i] > 4510);
    CHECK(kept[i] < 5490);
  }
}

TEST_CASE("sample ring: a sample that is left out while all are taken is counted, by one of these") {
  SampleRing ring{1};
  CHECK(ring.push(1));
  CHECK(!ring.push(2));
  Samples samples;
  CHECK(ring.take(samples) == 1);
  CHECK(ring.leave_out(1));  // its owner has not seen yet that there is room
  samples.clear();
  CHECK(ring.take(samples) == 1);
  CHECK(samples == Samples{1});
  CHECK(ring.push(3));
  samples.clear();
  CHECK(ring.take(samples) == 1);
  CHECK(samples == Samples{3});
}
