// carbon-cache holds every point that was sent while it was ended and started again, read back from its
// files; as lines, as pickles, and passed on by a store.

#include <cstdint>
#include <filesystem>
#include <string>

#include "statwire/graphite.hpp"
#include "support/carbon.hpp"
#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/mortal_listener.hpp"
#include "support/scratch_directory.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;

/// Reads frames as carbon's pickle receiver does, and prints their points.
constexpr const char* frame_reader = R"(
import struct, sys
from carbon.util import get_unpickler
data = open(sys.argv[1], 'rb').read()
while data:
    length = struct.unpack('!L', data[:4])[0]
    assert length <= 99999 and len(data) >= 4 + length, length
    points = get_unpickler().loads(data[4:4 + length])
    data = data[4 + length:]
    print('frame', len(points))
    for (path, (timestamp, value)) in points:
        assert type(path) is str and type(timestamp) is int and type(value) is float
        print(path, timestamp, repr(value))
)";

}  // namespace

TEST_CASE("carbon: it is ended and killed while points are forwarded, and stores every one") {
  const std::filesystem::path program = find_daemon("carbon-cache");
  if (is_missing("carbon-cache", program)) return;
  Carbon carbon{program};
  server::ForwardingStore<> store{{.port = carbon.port(), .resend_window = patience}};
  check_that_all_arrives(carbon, store);
  carbon.end(SIGTERM);
}

TEST_CASE("carbon: it is killed while a client sends it lines, and stores every one") {
  const std::filesystem::path program = find_daemon("carbon-cache");
  if (is_missing("carbon-cache", program)) return;
  Carbon carbon{program};
  GraphiteClient graphite{"127.0.0.1", carbon.port(), {.timeout = patience}};
  check_that_all_arrives(carbon, carbon.port(), graphite, {SIGKILL, SIGKILL});
  carbon.end(SIGTERM);
}

TEST_CASE("carbon: and while a client sends it pickles") {
  const std::filesystem::path program = find_daemon("carbon-cache");
  if (is_missing("carbon-cache", program)) return;
  Carbon carbon{program};
  GraphiteClient graphite{"pickle://127.0.0.1:" + std::to_string(carbon.pickle_port()),
                          {.timeout = patience}};
  check_that_all_arrives(carbon, carbon.pickle_port(), graphite, {SIGKILL, SIGKILL});
  carbon.end(SIGTERM);
}

TEST_CASE("carbon: its safe unpickler reads what the client writes, point for point") {
  if (is_missing("carbon-cache", find_daemon("carbon-cache"))) return;
  std::string frames;
  std::string expected;
  protocol::GraphitePickle pickle;
  const auto add = [&](const std::string& path, double value, std::int64_t timestamp,
                       const std::string& line) {
    pickle.append(frames, path, value, timestamp);
    expected += line + "\n";
  };
  expected += "frame 500\n";
  for (int i = 0; i < 500; ++i) {
    const std::string number = std::to_string(i);
    add("n" + number, i, 1'700'000'000 + i,
        "n" + number + " " + std::to_string(1'700'000'000 + i) + " " + number + ".0");
  }
  expected += "frame 7\n";
  add("a/b c", 0.1, 1, "a-b_c 1 0.1");
  add("a;host=x", -0.0, 2'147'483'647, "a;host=x 2147483647 0.0");
  add("a", -1.7976931348623157e308, 2'147'483'648, "a 2147483648 -1.7976931348623157e+308");
  add("a", 5e-324, 4'294'967'295, "a 4294967295 5e-324");
  for (const std::size_t size : {255U, 256U, 8192U}) {
    add(std::string(size, 'x'), 1, 7, std::string(size, 'x') + " 7 1.0");
  }
  pickle.close(frames);
  const ScratchDirectory scratch;
  ChildProcess reading{{debian_python, "-c", frame_reader, scratch.write("frames", frames)}};
  REQUIRE_MESSAGE(reading.wait() == 0, reading.output());
  CHECK(reading.output() == expected);
}
