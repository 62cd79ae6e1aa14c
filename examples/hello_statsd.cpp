#include <statwire/statsd.hpp>
#include <statwire/timer.hpp>

int main() {
  statwire::StatsdClient statsd{"127.0.0.1", 8125, {.prefix = "hello"}};

  statsd.increment("visits");                   // hello.visits:1|c
  statsd.gauge("queue.depth", 42);              // hello.queue.depth:42|g
  statwire::ScopedTimer timer{statsd, "main"};  // hello.main:0.0031|ms, when the scope ends
}
