#include <iostream>
#include <statwire/statsd.hpp>

int main() {
  statwire::StatsdOptions options{.prefix = "shop", .tags = {{"env", "prod"}}};
  options.profile = statwire::profiles::dogstatsd;  // all that differs from another server
  statwire::StatsdClient statsd{"127.0.0.1", 8125, options};

  statsd.increment("orders", 1, {.tags = {{"route", "/buy"}}});  // shop.orders:1|c|#env:prod,route:/buy
  statsd.distribution("basket", 49.9);                           // shop.basket:49.9|d|#env:prod
  statsd.event({.title = "deploy", .text = "v2"});               // _e{6,2}:deploy|v2|#env:prod

  statsd.flush();
  std::cout << statsd.stats().sent << " sent, " << statsd.stats().dropped() << " dropped\n";
}
