#include "metrics_server/options.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace metrics_server;
using example::Answer;
using example::UsageError;
using statwire::server::ForwardingFormat;

namespace {

using Result = example::Command<Options>;

Result parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "metrics_server");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

template <class Kind>
Kind parsed(const std::vector<const char*>& arguments) {
  const Result result = parse(arguments);
  REQUIRE(std::holds_alternative<Kind>(result));
  return std::get<Kind>(result);
}

}  // namespace

TEST_CASE("metrics_server options: whom points are passed on to") {
  const auto graphite = parse_forward("graphite://graphite.example:2003");
  REQUIRE(graphite);
  CHECK(graphite->format == ForwardingFormat::graphite);
  CHECK(graphite->host == "graphite.example");
  CHECK(graphite->port == 2003);
  const auto opentsdb = parse_forward("opentsdb://[::1]:4242");
  REQUIRE(opentsdb);
  CHECK(opentsdb->format == ForwardingFormat::opentsdb);
  CHECK(opentsdb->host == "::1");
  for (const std::string_view text : {"", "graphite://", "graphite://a", "graphite://a:0", "a:2003",
                                      "tcp://a:1", "graphite:a:1", "opentsdb://:1", "graphite://a:1/path"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_forward(text));
  }
}

TEST_CASE("metrics_server options: what holds without flags, and what flags say") {
  const auto defaults = parsed<Options>({});
  CHECK(to_string(defaults.listen) == "127.0.0.1:8888");
  CHECK(defaults.store.empty());
  CHECK(defaults.max_connections == 10'000);
  CHECK(defaults.max_series == 1'000'000);
  CHECK_FALSE(defaults.forward);

  const auto all = parsed<Options>({"--listen", "0.0.0.0:9", "--store=metrics.db", "--max-connections", "7",
                                    "--max-series=1000000000", "--forward", "opentsdb://a:1"});
  CHECK(to_string(all.listen) == "0.0.0.0:9");
  CHECK(all.store == "metrics.db");
  CHECK(all.max_connections == 7);
  CHECK(all.max_series == 1'000'000'000);
  REQUIRE(all.forward);
  CHECK(all.forward->text == "opentsdb://a:1");
  CHECK(parsed<Options>({"--store", "a", "--store", "b"}).store == "b");
}

TEST_CASE("metrics_server options: --help names every flag, --version the version") {
  const std::string help = parsed<Answer>({"--help"}).text;
  for (const char* flag :
       {"--listen", "--store", "--max-connections", "--max-series", "--forward", "--help", "--version"}) {
    CAPTURE(flag);
    CHECK(help.find(flag) != std::string::npos);
  }
  CHECK(parsed<Answer>({"--version"}).text.starts_with("metrics_server "));
}

TEST_CASE("metrics_server options: a refusal names the flag, the value and what is right") {
  struct Case {
    std::vector<const char*> arguments;
    const char* message;
  };
  const std::vector<Case> cases{
      {{"--listen", "localhost:1"},
       "--listen: 'localhost:1' is not address:port; write it as 127.0.0.1:8888, 0.0.0.0:8888 or [::1]:8888, "
       "with a "
       "port from 1 to 65535"},
      {{"--store", ""}, "--store: '' is not the path of a file"},
      {{"--store", ":memory:"}, "--store: ':memory:' is not the path of a file"},
      {{"--max-connections", "0"}, "--max-connections: '0' is not a number from 1 to 1000000000"},
      {{"--max-series", "1e3"}, "--max-series: '1e3' is not a number from 1 to 1000000000"},
      {{"--forward", "carbon"},
       "--forward: 'carbon' is neither graphite://host:port nor opentsdb://host:port, with a port from 1 to "
       "65535"},
      {{"now"},
       "unknown argument 'now'; the flags are --listen, --store, --max-connections, --max-series, --forward, "
       "--help "
       "and --version"},
  };
  for (const Case& item : cases) CHECK(parsed<UsageError>(item.arguments).message == item.message);
  for (const char* flag : {"--listen", "--store", "--max-connections", "--max-series", "--forward"}) {
    const std::string message = parsed<UsageError>({flag}).message;
    CHECK(message.starts_with(flag));
    CHECK(message.ends_with("; metrics_server --help shows what each flag takes"));
  }
}
