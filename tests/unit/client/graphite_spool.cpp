#include "statwire/client/graphite_spool.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"
#include "support/text.hpp"

using statwire::GraphiteFormat;
using statwire::client::GraphiteSpool;
using statwire::test::split;

namespace {

constexpr std::size_t spool_bytes = 4 * GraphiteSpool::least_batch_bytes;
constexpr std::size_t batch_bytes = GraphiteSpool::least_batch_bytes;

/// A spool as small as they are.
struct SmallSpool : GraphiteSpool {
  explicit SmallSpool(GraphiteFormat format = GraphiteFormat::plaintext)
      : GraphiteSpool{format, spool_bytes, batch_bytes} {}
};

void check_sum(const GraphiteSpool& spool) {
  CHECK(spool.accepted() == spool.delivered() + spool.pending() + spool.dropped());
}

/// The first words of the lines of a batch.
std::vector<std::string> paths(const GraphiteSpool::Batch& batch) {
  std::vector<std::string> paths;
  for (const std::string& line : split(batch.bytes, '\n')) {
    if (!line.empty()) paths.push_back(split(line, ' ').at(0));
  }
  return paths;
}

/// Appends points `<first>`, `<first + 1>`, ...
void append_numbers(GraphiteSpool& spool, int first, int end) {
  for (int i = first; i < end; ++i) spool.append("n" + std::to_string(i), 1, 1);
}

/// Everything that is in the spool, batch by batch.
std::vector<std::string> take_all(GraphiteSpool& spool) {
  std::vector<std::string> all;
  while (!spool.is_empty()) {
    const GraphiteSpool::Batch& batch = spool.begin();
    CHECK(batch.bytes.size() <= batch_bytes);
    const std::vector<std::string> some = paths(batch);
    CHECK(some.size() == batch.points);
    all.insert(all.end(), some.begin(), some.end());
    spool.arrived();
    check_sum(spool);
  }
  return all;
}

std::vector<std::string> numbers(int first, int end) {
  std::vector<std::string> numbers;
  for (int i = first; i < end; ++i) numbers.push_back("n" + std::to_string(i));
  return numbers;
}

}  // namespace

TEST_CASE("graphite spool: points come out as lines, in order, and are counted") {
  SmallSpool spool;
  CHECK(spool.is_empty());
  spool.append("a.b", 0.5, 1'700'000'000);
  spool.append("c/d", -1, 7);
  CHECK(spool.pending() == 2);
  CHECK_FALSE(spool.has_full_batch());
  const GraphiteSpool::Batch& batch = spool.begin();
  CHECK(batch.bytes == "a.b 0.5 1700000000\nc-d -1 7\n");
  CHECK(batch.points == 2);
  CHECK(spool.bytes() == batch.bytes.size());
  spool.arrived();
  CHECK(spool.is_empty());
  CHECK(spool.bytes() == 0);
  CHECK(spool.delivered() == 2);
  CHECK(spool.pending() == 0);
}

TEST_CASE("graphite spool: what comes while a batch is sent is for the next") {
  SmallSpool spool;
  spool.append("a", 1, 1);
  const GraphiteSpool::Batch& batch = spool.begin();
  const char* const bytes = batch.bytes.data();
  spool.append("b", 1, 1);
  CHECK(batch.bytes == "a 1 1\n");
  CHECK(batch.bytes.data() == bytes);
  spool.failed();
  CHECK(spool.has_full_batch());
  CHECK(spool.begin().bytes == "a 1 1\n");
  spool.arrived();
  CHECK_FALSE(spool.has_full_batch());
  CHECK(spool.begin().bytes == "b 1 1\n");
  spool.append("c", 1, 1);
  spool.arrived();
  CHECK(take_all(spool) == std::vector<std::string>{"c"});
  CHECK(spool.delivered() == 3);
}

TEST_CASE("graphite spool: a batch that is full is followed by another, in either format") {
  for (const GraphiteFormat format : {GraphiteFormat::plaintext, GraphiteFormat::pickle}) {
    SmallSpool spool{format};
    const std::string path(1000, 'x');
    for (int i = 0; i < 40; ++i) spool.append(path, 1e-300 / 3, 1'700'000'000);
    CHECK(spool.has_full_batch());
    std::vector<std::uint64_t> points;
    for (; !spool.is_empty(); spool.arrived()) {
      const GraphiteSpool::Batch& batch = spool.begin();
      points.push_back(batch.points);
      CHECK(batch.bytes.size() <= batch_bytes);
      if (format == GraphiteFormat::pickle) CHECK(batch.bytes.ends_with("e."));
    }
    CHECK(points.size() == 3);
    CHECK(points[0] == points[1]);
    CHECK(points[0] >= 15);
    CHECK(points[0] + points[1] + points[2] == 40);
  }
}

TEST_CASE("graphite spool: when it is full, the oldest points give way, and are counted") {
  SmallSpool spool;
  append_numbers(spool, 0, 20'000);  // some 200 KB, for 64 KiB
  CHECK(spool.accepted() == 20'000);
  CHECK(spool.bytes() <= spool_bytes);
  CHECK(spool.bytes() > spool_bytes - batch_bytes - 100);
  check_sum(spool);
  const int dropped = static_cast<int>(spool.dropped());
  CHECK(dropped > 10'000);
  CHECK(take_all(spool) == numbers(dropped, 20'000));
  CHECK(spool.dropped() == static_cast<std::uint64_t>(dropped));
}

TEST_CASE("graphite spool: the batch that is sent does not give way, those behind it do") {
  SmallSpool spool;
  append_numbers(spool, 0, 100);
  const GraphiteSpool::Batch& batch = spool.begin();
  append_numbers(spool, 100, 20'000);
  CHECK(paths(batch) == numbers(0, 100));
  spool.arrived();
  CHECK(spool.delivered() == 100);
  const int dropped = static_cast<int>(spool.dropped());
  CHECK(take_all(spool) == numbers(100 + dropped, 20'000));
}

TEST_CASE("graphite spool: a batch that failed may give way as the oldest") {
  SmallSpool spool;
  append_numbers(spool, 0, 100);
  spool.begin();
  spool.failed();
  append_numbers(spool, 100, 20'000);
  const int dropped = static_cast<int>(spool.dropped());
  CHECK(take_all(spool) == numbers(dropped, 20'000));
}

TEST_CASE("graphite spool: a limit that is too small is raised, a batch too large is cut to a quarter") {
  GraphiteSpool smallest{GraphiteFormat::plaintext, 0, 0};
  const std::string longest(GraphiteSpool::max_path_bytes, 'x');
  for (int i = 0; i < 10; ++i) smallest.append(longest, -1.2345678901234567e-300, 4'294'967'295);
  CHECK(smallest.accepted() == 10);
  CHECK(smallest.pending() >= 3);
  check_sum(smallest);

  GraphiteSpool wide{GraphiteFormat::plaintext, spool_bytes, 100 * spool_bytes};
  append_numbers(wide, 0, 2000);
  CHECK(wide.begin().bytes.size() <= batch_bytes);
}

TEST_CASE("graphite spool: what Graphite does not have cannot be sent") {
  CHECK(GraphiteSpool::is_sendable("a", 1, 1));
  CHECK(GraphiteSpool::is_sendable(std::string(8192, 'x'), 1, 1));
  CHECK_FALSE(GraphiteSpool::is_sendable(std::string(8193, 'x'), 1, 1));
  CHECK_FALSE(GraphiteSpool::is_sendable("", 1, 1));
  CHECK_FALSE(GraphiteSpool::is_sendable("a", std::nan(""), 1));
  CHECK_FALSE(GraphiteSpool::is_sendable("a", INFINITY, 1));
  CHECK_FALSE(GraphiteSpool::is_sendable("a", 1, 0));
  CHECK_FALSE(GraphiteSpool::is_sendable("a", 1, 4'294'967'296));
}

TEST_CASE("graphite spool: whatever happens in whatever order, every point is accounted for") {
  statwire::test::RandomBytes random{17};
  for (const GraphiteFormat format : {GraphiteFormat::plaintext, GraphiteFormat::pickle}) {
    SmallSpool spool{format};
    bool is_sending = false;
    std::uint64_t in_batch = 0;
    for (int i = 0; i < 20'000; ++i) {
      spool.append("p" + random.string(60), 1, 1);
      if (i % 97 == 0 && !is_sending) {
        in_batch = spool.begin().points;
        is_sending = true;
      } else if (i % 1024 == 0 && is_sending) {
        const std::uint64_t delivered = spool.delivered();
        i % 2048 == 0 ? spool.failed() : spool.arrived();
        if (i % 2048 != 0) REQUIRE(spool.delivered() == delivered + in_batch);
        is_sending = false;
      }
      REQUIRE(spool.accepted() == spool.delivered() + spool.pending() + spool.dropped());
      REQUIRE(spool.bytes() <= spool_bytes);
    }
    if (is_sending) spool.failed();
    std::uint64_t left = 0;
    for (; !spool.is_empty(); spool.arrived()) left += spool.begin().points;
    CHECK(spool.pending() == 0);
    CHECK(spool.bytes() == 0);
    CHECK(left > 0);
    CHECK(spool.dropped() > 0);
  }
}
