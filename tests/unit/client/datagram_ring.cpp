#include "statwire/client/datagram_ring.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"

namespace {

using statwire::client::Datagram;
using statwire::client::DatagramRing;

std::string taken(DatagramRing& ring) {
  std::string bytes{ring.front().bytes};
  ring.pop_front();
  return bytes;
}

/// Everything in the ring, the open datagram too; the ring is empty afterwards.
std::vector<std::string> drained(DatagramRing& ring) {
  std::vector<std::string> datagrams;
  while (ring.size() != 0) {
    if (ring.sealed() == 0) ring.seal();
    datagrams.push_back(taken(ring));
  }
  return datagrams;
}

using Datagrams = std::vector<std::string>;

}  // namespace

TEST_CASE("datagram_ring: a new ring is empty, and sealing it changes nothing") {
  DatagramRing ring{2, 10};
  CHECK(ring.size() == 0);
  CHECK(ring.sealed() == 0);
  CHECK(ring.pending_samples() == 0);
  ring.seal();
  CHECK(ring.size() == 0);
  CHECK(ring.sealed() == 0);
}

TEST_CASE("datagram_ring: lines share a datagram up to its exact limit") {
  struct Case {
    std::vector<std::string> lines;
    Datagrams datagrams;
  };
  const std::vector<Case> cases{
      {{"aaaa", "bbbbb"}, {"aaaa\nbbbbb"}},
      {{"aaaa", "bbbbbb"}, {"aaaa", "bbbbbb"}},
      {{"aaaaaaaaaa"}, {"aaaaaaaaaa"}},
      {{"aaaaaaaaaa", "b"}, {"aaaaaaaaaa", "b"}},
      {{"aaaaaaaaa", "b"}, {"aaaaaaaaa", "b"}},
      {{"aaaaaaaa", "b"}, {"aaaaaaaa\nb"}},
      {{"a", "b", "c", "d", "e"}, {"a\nb\nc\nd\ne"}},
      {{"a", "b", "c", "d", "e", "ff"}, {"a\nb\nc\nd\ne", "ff"}},
      {{"aaaaaaaa", "b\nc", "d"}, {"aaaaaaaa", "b\nc\nd"}},
  };
  for (const Case& c : cases) {
    DatagramRing ring{4, 10};
    for (const std::string& line : c.lines) CHECK(ring.append(line));
    CAPTURE(c.datagrams.front());
    CHECK(ring.size() == c.datagrams.size());
    CHECK(ring.sealed() == c.datagrams.size() - 1);
    CHECK(ring.pending_samples() == c.lines.size());
    CHECK(drained(ring) == c.datagrams);
  }
}

TEST_CASE("datagram_ring: a full ring refuses, and changes nothing") {
  DatagramRing ring{3, 10};
  CHECK(ring.append("1111111111"));
  CHECK(ring.append("2222222222"));
  CHECK(ring.append("3333333"));
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(ring.append("444"));
    CHECK(ring.sealed() == 2);
    CHECK(ring.size() == 3);
    CHECK(ring.pending_samples() == 3);
    CHECK(ring.front().bytes == "1111111111");
  }
  CHECK(ring.append("55"));
  CHECK_FALSE(ring.append("6"));
  CHECK(ring.pending_samples() == 4);
  CHECK(taken(ring) == "1111111111");
  CHECK(ring.append("6"));
  CHECK(drained(ring) == Datagrams{"2222222222", "3333333\n55", "6"});
}

TEST_CASE("datagram_ring: the last datagram cannot be sealed while all others are") {
  DatagramRing ring{2, 10};
  CHECK(ring.append("a"));
  ring.seal();
  CHECK(ring.append("b"));
  ring.seal();
  CHECK(ring.sealed() == 1);
  CHECK(ring.append("c"));
  CHECK(drained(ring) == Datagrams{"a", "b\nc"});
}

TEST_CASE("datagram_ring: a sealed datagram takes no more lines") {
  DatagramRing ring{3, 10};
  CHECK(ring.append("a"));
  ring.seal();
  ring.seal();
  CHECK(ring.sealed() == 1);
  CHECK(ring.size() == 1);
  CHECK(ring.append("b"));
  CHECK(ring.size() == 2);
  CHECK(drained(ring) == Datagrams{"a", "b"});
}

TEST_CASE("datagram_ring: samples are counted by datagram, whatever lines they have") {
  DatagramRing ring{3, 10};
  CHECK(ring.append("a\nb"));
  CHECK(ring.append("c"));
  CHECK(ring.append("dddddddd"));
  CHECK(ring.pending_samples() == 3);
  CHECK(ring.front().samples == 2);
  ring.pop_front();
  CHECK(ring.pending_samples() == 1);
  ring.seal();
  CHECK(ring.pending_samples() == 1);
  CHECK(ring.front().samples == 1);
  ring.pop_front();
  CHECK(ring.pending_samples() == 0);
}

TEST_CASE("datagram_ring: the front stays where and what it is while lines are added") {
  DatagramRing ring{3, 10};
  for (int round = 0; round < 7; ++round) {
    CHECK(ring.append("front" + std::to_string(round)));
    ring.seal();
    const Datagram front = ring.front();
    while (ring.append("xxxx")) ring.seal();
    CHECK(ring.size() == 3);
    CHECK(front.bytes == "front" + std::to_string(round));
    CHECK(ring.front().bytes.data() == front.bytes.data());
    CHECK(ring.front().bytes == front.bytes);
    CHECK(ring.front().samples == 1);
    CHECK(drained(ring).size() == 3);
  }
}

namespace {

/// What a ring does, said with an unbounded queue: the last datagram is open.
class Model {
 public:
  Model(std::size_t capacity, std::size_t max_packet_bytes)
      : capacity_{capacity}, max_packet_bytes_{max_packet_bytes} {}

  bool append(const std::string& line) {
    const bool joins = is_open_ && queue_.back().size() + 1 + line.size() <= max_packet_bytes_;
    if (joins) {
      queue_.back() += "\n" + line;
      ++samples_.back();
      return true;
    }
    if (queue_.size() == capacity_) return false;
    queue_.push_back(line);
    samples_.push_back(1);
    is_open_ = true;
    return true;
  }

  void seal() {
    if (queue_.size() < capacity_) is_open_ = false;
  }

  void pop_front() {
    queue_.pop_front();
    samples_.pop_front();
  }

  std::size_t size() const { return queue_.size(); }
  std::size_t sealed() const { return queue_.size() - (is_open_ ? 1 : 0); }
  const std::string& front() const { return queue_.front(); }
  std::uint64_t pending_samples() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : samples_) sum += count;
    return sum;
  }

 private:
  std::size_t capacity_;
  std::size_t max_packet_bytes_;
  std::deque<std::string> queue_;
  std::deque<std::uint64_t> samples_;
  bool is_open_ = false;
};

}  // namespace

TEST_CASE("datagram_ring: in any order of calls it does what a plain queue would do, round after round") {
  statwire::test::RandomBytes random{10};
  for (const std::size_t capacity : {2u, 3u, 7u}) {
    DatagramRing ring{capacity, 32};
    Model model{capacity, 32};
    for (int step = 0; step < 20000; ++step) {
      const std::size_t action = random.up_to(7);
      if (action < 6) {
        const std::string line(random.up_to(31) + 1, static_cast<char>('a' + random.up_to(25)));
        REQUIRE(ring.append(line) == model.append(line));
      } else if (action == 6) {
        ring.seal();
        model.seal();
      } else if (model.sealed() != 0) {
        ring.pop_front();
        model.pop_front();
      }
      REQUIRE(ring.size() == model.size());
      REQUIRE(ring.sealed() == model.sealed());
      REQUIRE(ring.pending_samples() == model.pending_samples());
      if (model.sealed() != 0) REQUIRE(ring.front().bytes == model.front());
    }
  }
}
