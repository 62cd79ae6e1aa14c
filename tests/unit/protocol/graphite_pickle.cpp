#include "statwire/protocol/graphite_pickle.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using statwire::protocol::GraphitePickle;
using namespace std::string_literals;

namespace {

std::string pickle(std::string_view path, double value, std::int64_t timestamp) {
  std::string out;
  GraphitePickle frames;
  frames.append(out, path, value, timestamp);
  frames.close(out);
  return out;
}

/// The length that stands at the beginning of a frame.
std::size_t length_at(const std::string& text, std::size_t at) {
  std::size_t length = 0;
  for (std::size_t i = at; i < at + 4; ++i) length = length * 256 + static_cast<unsigned char>(text.at(i));
  return length;
}

}  // namespace

TEST_CASE("graphite pickle: a frame is a length and a list of (path, (timestamp, value))") {
  std::string out = "before";
  GraphitePickle frames;
  frames.append(out, "a.b", 0.5, 1'700'000'000);
  frames.append(out, "c", -3, 1);
  frames.close(out);
  CHECK(out == "before" + "\0\0\0\x34"s +  // 52 bytes
                   "\x80\x02](" +          //
                   "X\x03\0\0\0a.b"s + "J\0\xf1\x53\x65"s + "G\x3f\xe0\0\0\0\0\0\0"s + "\x86\x86" +
                   "X\x01\0\0\0c"s + "J\x01\0\0\0"s + "G\xc0\x08\0\0\0\0\0\0"s + "\x86\x86" + "e.");
}

TEST_CASE("graphite pickle: times of more than 31 bits are long integers") {
  const std::string last_of_31 = pickle("a", 0, 2'147'483'647);
  CHECK(last_of_31.substr(14, 5) == "J\xff\xff\xff\x7f");
  CHECK(pickle("a", 0, 2'147'483'648).substr(14, 7) == "\x8a\x05\0\0\0\x80\0"s);
  CHECK(pickle("a", 0, 4'294'967'295).substr(14, 7) == "\x8a\x05\xff\xff\xff\xff\0"s);
}

TEST_CASE("graphite pickle: minus zero is zero, and the bytes of a path are mapped as in text") {
  CHECK(pickle("a", -0.0, 1) == pickle("a", 0.0, 1));
  CHECK(pickle("a/b c\n\xff;x", 0, 1) == pickle("a-b_c___x", 0, 1));
  CHECK(pickle("a;b=c", 0, 1).find("a;b=c") != std::string::npos);
}

TEST_CASE("graphite pickle: closing where nothing is open changes nothing") {
  GraphitePickle frames;
  std::string out;
  frames.close(out);
  CHECK(out.empty());
  frames.append(out, "a", 1, 1);
  frames.close(out);
  const std::string one = out;
  frames.close(out);
  CHECK(out == one);
}

TEST_CASE("graphite pickle: a frame ends after so many points, and before it is too long") {
  const auto frame_lengths = [](int points, const std::string& path) {
    std::string out;
    GraphitePickle frames;
    for (int i = 0; i < points; ++i) {
      const std::size_t before = out.size();
      frames.append(out, path, std::numeric_limits<double>::max(), 4'294'967'295);
      std::string closed = out;
      GraphitePickle copy = frames;
      copy.close(closed);
      REQUIRE(closed.size() - before <= GraphitePickle::max_bytes(path.size()));
    }
    frames.close(out);
    std::vector<std::size_t> lengths;
    for (std::size_t at = 0; at < out.size(); at += 4 + lengths.back()) lengths.push_back(length_at(out, at));
    return lengths;
  };
  // A point of a path of one byte and a long time has 24 bytes; a frame 6 besides.
  CHECK(frame_lengths(1201, "a") == std::vector<std::size_t>{12'006, 12'006, 4'830});
  const std::string longest(8192, 'x');
  CHECK(frame_lengths(8, longest) == std::vector<std::size_t>{7 * 8215 + 6, 8215 + 6});
}
