#include <iostream>
#include <statwire/statsd.hpp>
#include <statwire/timer.hpp>
#include <string>

std::string handle(const std::string& path) {
  return "you asked for " + path + '\n';
}

int main() {
  statwire::StatsdClient statsd{"127.0.0.1", 8125, {.prefix = "shop"}};
  const statwire::Timing latency = statsd.timing("request");  // finds its name once

  for (const char* path : {"/a", "/b"}) {
    statwire::ScopedTimer timer{latency};  // shop.request:0.021|ms when the scope ends, however it does
    std::cout << handle(path);
  }
  std::cout << statwire::timed(statsd, "last", [] { return handle("/c"); });  // shop.last:0.004|ms

  statsd.flush();  // else within a second, and when the client ends
  std::cout << statsd.stats().sent << " sent, " << statsd.stats().dropped() << " dropped\n";
}
