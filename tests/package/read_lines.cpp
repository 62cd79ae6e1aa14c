// What a program writes that only reads StatsD's lines: soon compiled, and with Asio's headers within reach
// all the same, for they come with every target of statwire.

#include <asio/version.hpp>

#include <iostream>
#include <string>
#include <vector>

#include "statwire/testing/captured.hpp"

static_assert(ASIO_VERSION >= 102200, "an older Asio is refused when it is looked for");

int main() {
  const std::vector<std::string> datagrams{"hits:1|c|#route:/a", "hits:2|c|#route:/a\nload:5|g"};
  const statwire::testing::Captured captured{datagrams, statwire::profiles::dogstatsd};
  if (captured.counter("hits", {{"route", "/a"}}) == 3 && captured.gauge("load") == 5) return 0;
  std::cerr << "the lines were read wrong\n";
  return 1;
}
