#include "statwire/client/datagram_ring.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/random_bytes.hpp"

namespace {

using statwire::DatagramBatch;
using statwire::client::DatagramRing;
using Appended = DatagramRing::Appended;
using Datagrams = std::vector<std::string>;

Appended append(DatagramRing& ring, std::string_view lines, std::uint64_t samples = 1) {
  return ring.append(
      [&](std::span<char> out) -> std::size_t {
        return lines.size() <= out.size() ? lines.copy(out.data(), lines.size()) : 0;
      },
      samples);
}

std::string front(DatagramRing& ring) {
  return std::string{ring.front(1, false).datagram(0)};
}

std::string taken(DatagramRing& ring) {
  std::string bytes = front(ring);
  ring.pop();
  return bytes;
}

/// Everything in the ring, the open datagram too.
Datagrams drained(DatagramRing& ring) {
  Datagrams datagrams;
  while (ring.size() != 0) datagrams.push_back(taken(ring));
  return datagrams;
}

}  // namespace

TEST_CASE("datagram_ring: a new ring is empty") {
  DatagramRing ring{2, 10, 10};
  CHECK(ring.size() == 0);
  CHECK(ring.full() == 0);
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
    DatagramRing ring{4, 10, 10};
    for (const std::string& line : c.lines) CHECK(append(ring, line) == Appended::joined);
    CAPTURE(c.datagrams.front());
    CHECK(ring.size() == c.datagrams.size());
    CHECK(ring.full() == c.datagrams.size() - 1);
    CHECK(drained(ring) == c.datagrams);
  }
}

TEST_CASE("datagram_ring: a line that no datagram holds is refused, and changes nothing") {
  DatagramRing ring{3, 10, 10};
  CHECK(append(ring, "12345678901") == Appended::too_long);
  CHECK(ring.size() == 0);
  CHECK(append(ring, "a") == Appended::joined);
  CHECK(append(ring, "12345678901") == Appended::too_long);
  CHECK(append(ring, "b") == Appended::joined);
  CHECK(drained(ring) == Datagrams{"a\nb"});
}

TEST_CASE("datagram_ring: a full ring refuses, and changes nothing") {
  DatagramRing ring{3, 10, 10};
  CHECK(append(ring, "1111111111") == Appended::joined);
  CHECK(append(ring, "2222222222") == Appended::joined);
  CHECK(append(ring, "3333333") == Appended::crowded);
  for (int i = 0; i < 3; ++i) {
    CHECK(append(ring, "444") == Appended::no_room);
    CHECK(ring.full() == 2);
    CHECK(ring.size() == 3);
    CHECK(front(ring) == "1111111111");
  }
  CHECK(append(ring, "55") == Appended::joined);
  CHECK(append(ring, "6") == Appended::no_room);
  CHECK(taken(ring) == "1111111111");
  CHECK(append(ring, "6") == Appended::crowded);
  CHECK(drained(ring) == Datagrams{"2222222222", "3333333\n55", "6"});
}

TEST_CASE(
    "datagram_ring: what was taken of the open datagram is not taken again, and the next line begins "
    "another") {
  DatagramRing ring{3, 10, 10};
  append(ring, "a");
  append(ring, "b");
  CHECK(ring.size() == 1);
  CHECK(taken(ring) == "a\nb");
  CHECK(ring.size() == 0);
  CHECK(append(ring, "c") == Appended::joined);
  CHECK(ring.size() == 1);
  CHECK(ring.full() == 0);
  CHECK(drained(ring) == Datagrams{"c"});
}

TEST_CASE("datagram_ring: lines that come between front and pop are the next datagram") {
  DatagramRing ring{3, 10, 10};
  append(ring, "a");
  const DatagramBatch batch = ring.front(9, true);
  append(ring, "bb");
  CHECK(batch.datagram(0) == "a");
  CHECK(ring.pop() == 1);
  CHECK(ring.size() == 1);
  append(ring, "ccc");
  append(ring, "dddd");  // fills the first
  CHECK(ring.full() == 1);
  CHECK(taken(ring) == "bb\nccc");
  CHECK(drained(ring) == Datagrams{"dddd"});
}

TEST_CASE("datagram_ring: samples are counted by datagram, whatever lines they have") {
  DatagramRing ring{3, 10, 10};
  append(ring, "a\nb");
  append(ring, "c", 1000);
  append(ring, "d", 0);
  append(ring, "dddddddd", 5);
  CHECK(front(ring) == "a\nb\nc\nd");
  CHECK(ring.pop() == 1001);
  CHECK(front(ring) == "dddddddd");
  CHECK(ring.pop() == 5);
  append(ring, "e", 3);
  front(ring);
  CHECK(ring.pop() == 3);
}

TEST_CASE("datagram_ring: datagrams that lie side by side are given together, filled up with line feeds") {
  DatagramRing ring{4, 10, 10};
  for (const char* line : {"1111111", "22222222", "333333333", "4"}) append(ring, line);
  CHECK(ring.front(2, true).sizes.size() == 2);
  const DatagramBatch batch = ring.front(64, true);
  REQUIRE(batch.sizes.size() == 3);
  CHECK(batch.padded);
  CHECK(std::string_view{batch.bytes, 29} == "1111111\n\n\n22222222\n\n333333333");
  CHECK(batch.datagram(1) == "22222222");
  for (int i = 0; i < 3; ++i) CHECK(ring.pop() == 1);
  CHECK(drained(ring) == Datagrams{"4"});
  for (const char* line : {"5555555555", "6666666666", "7777777777"}) append(ring, line);
  CHECK(ring.front(64, true).sizes.size() == 2);  // the third lies at the beginning again
}

TEST_CASE("datagram_ring: says with each datagram that it fills when half of all are full, and not before") {
  DatagramRing ring{6, 10, 10};
  for (const Appended expected : {Appended::joined, Appended::joined, Appended::joined, Appended::crowded,
                                  Appended::crowded, Appended::crowded, Appended::no_room}) {
    CHECK(append(ring, "1111111111") == expected);
  }
  for (int i = 0; i < 5; ++i) taken(ring);
  CHECK(append(ring, "2222222222") == Appended::joined);
}

TEST_CASE("datagram_ring: clear takes everything") {
  DatagramRing ring{3, 10, 10};
  for (const char* line : {"1111111111", "2222222222", "3"}) append(ring, line);
  ring.clear();
  CHECK(ring.size() == 0);
  append(ring, "4");
  CHECK(drained(ring) == Datagrams{"4"});
}

TEST_CASE("datagram_ring: in any order of calls nothing is lost, doubled or too long, round after round") {
  statwire::test::RandomBytes random{10};
  for (const std::size_t capacity : {2u, 3u, 7u}) {
    DatagramRing ring{capacity, 32, 32};
    std::deque<std::string> expected;
    for (int step = 0; step < 20000; ++step) {
      if (random.up_to(7) < 6) {
        const std::string line(random.up_to(31) + 1, static_cast<char>('a' + random.up_to(25)));
        if (append(ring, line) != Appended::no_room) expected.push_back(line);
      } else if (ring.size() != 0) {
        const std::string datagram = front(ring);
        REQUIRE(datagram.size() <= 32);
        std::uint64_t lines = 0;
        for (std::size_t begin = 0; begin <= datagram.size(); ++lines) {
          const std::size_t end = std::min(datagram.find('\n', begin), datagram.size());
          REQUIRE(datagram.substr(begin, end - begin) == expected.front());
          expected.pop_front();
          begin = end + 1;
        }
        REQUIRE(ring.pop() == lines);
      }
    }
    while (ring.size() != 0) {
      front(ring);
      for (std::uint64_t left = ring.pop(); left != 0; --left) expected.pop_front();
    }
    CHECK(expected.empty());
  }
}
