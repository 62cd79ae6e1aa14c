#include "statwire/client/metrics_exchange.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

using namespace statwire;
using namespace std::chrono_literals;

/// Writes down what became of it: `a: row k;a: ok 1;` ...
struct Operation {
  void row(const protocol::Row& row) { journal->append(name + ": row " + std::string{row.key} + ";"); }
  void complete(std::error_code ec, std::size_t stored) {
    const std::unique_ptr<Operation> self{this};
    journal->append(name + ": " + (ec ? ec.message() : "ok") + " " + std::to_string(stored) + ";");
  }

  std::string name;
  std::string* journal;
};

using Exchange = client::MetricsExchange<std::unique_ptr<Operation>>;
using Kind = Exchange::Kind;

std::string text(errc code) {
  return make_error_code(code).message();
}

const Deadline start{1s};

class Fixture {
 public:
  void add(std::string name, Kind kind, std::string_view lines, std::size_t requests = 1) {
    Exchange::Order order;
    order.operation = std::make_unique<Operation>(Operation{std::move(name), &journal});
    order.kind = kind;
    order.id = 10 * ++count_;
    order.bytes = lines.size();
    order.requests = requests;
    order.deadline = start + count_ * 1s;
    exchange.add(std::move(order), lines);
  }

  std::error_code receive(std::string_view bytes) {
    std::error_code ec;
    exchange.receive(bytes, ec);
    return ec;
  }

  Exchange exchange{protocol::ReplyLimits{}};
  std::string journal;

 private:
  unsigned count_ = 0;
};

}  // namespace

TEST_CASE("metrics exchange: lines leave in order, and answers find the operation they belong to") {
  Fixture client;
  client.add("a", Kind::put, "put a 1 1\n");
  client.add("b", Kind::get, "get b\n");
  client.add("c", Kind::put, "put c 1 1\nput d 1 1\nput e 1 1\n", 3);
  client.add("f", Kind::put, "put f 1 1\n");
  std::string writing;
  client.exchange.take_unwritten(writing);
  CHECK(writing == "put a 1 1\nget b\nput c 1 1\nput d 1 1\nput e 1 1\nput f 1 1\n");
  CHECK(client.exchange.unwritten().empty());
  CHECK_FALSE(client.receive("ok\n\nok\nb 1 1\nb 2 2\n\nok\n\nok"));
  CHECK(client.journal == "a: ok 1;b: row b;b: row b;b: ok 0;");
  CHECK_FALSE(client.receive("\n\nok\n\nok\n\n"));
  CHECK(client.journal.ends_with("b: ok 0;c: ok 3;f: ok 1;"));
  CHECK(client.exchange.empty());
  CHECK(client.exchange.take_ended_bytes() == writing.size());
  CHECK(client.exchange.take_ended_bytes() == 0);
}

TEST_CASE("metrics exchange: a refusal is of one request; an operation of many ends when all are answered") {
  Fixture client;
  client.add("a", Kind::put, "put a 1 1\nput b 1 1\nput c 1 1\n", 3);
  client.add("d", Kind::get, "get d\n");
  CHECK_FALSE(client.receive("ok\n\nerror\nwrong command\n\n"));
  CHECK(client.journal.empty());
  CHECK_FALSE(client.receive("ok\n\nerror\nwrong command\n\n"));
  CHECK(client.journal ==
        "a: " + text(errc::command_refused) + " 2;d: " + text(errc::command_refused) + " 0;");
}

TEST_CASE("metrics exchange: what was cancelled ends at once, and its answer is thrown away") {
  Fixture client;
  client.add("a", Kind::get, "get a\n");
  client.add("b", Kind::put, "put b 1 1\n");
  client.add("c", Kind::put, "put c 1 1\n");
  CHECK_FALSE(client.exchange.cancel(20, errc::timed_out));
  CHECK_FALSE(client.exchange.cancel(20, errc::timed_out));  // has ended
  CHECK_FALSE(client.exchange.cancel(25, errc::timed_out));
  CHECK_FALSE(client.exchange.cancel(99, errc::timed_out));
  CHECK_FALSE(client.receive("ok\na 1 1\n"));
  CHECK_FALSE(client.exchange.cancel(10, errc::timed_out));
  CHECK_FALSE(client.receive("a 2 2\n\nok\n\nok\n\n"));
  CHECK(client.journal ==
        "b: " + text(errc::timed_out) + " 0;a: row a;a: " + text(errc::timed_out) + " 0;c: ok 1;");
}

TEST_CASE("metrics exchange: a reply that is wrong ends everything that is not answered") {
  Fixture client;
  client.add("a", Kind::put, "put a 1 1\n");
  client.add("b", Kind::get, "get b\n");
  client.add("c", Kind::put, "put c 1 1\n");
  const std::error_code ec = client.receive("ok\n\nok\nb 1\n\n");
  CHECK(ec == errc::wrong_column_count);
  CHECK(client.journal == "a: ok 1;");
  client.exchange.fail(ec);
  CHECK(client.journal == "a: ok 1;b: " + ec.message() + " 0;c: " + ec.message() + " 0;");
  client.journal.clear();
  client.add("d", Kind::put, "put d 1 1\n");
  CHECK(client.exchange.unwritten() == "put d 1 1\n");
  CHECK_FALSE(client.receive("ok\n\n"));
  CHECK(client.journal == "d: ok 1;");
}

TEST_CASE("metrics exchange: bytes that follow the last answer are an error of that operation") {
  Fixture client;
  client.add("a", Kind::put, "put a 1 1\n");
  client.add("b", Kind::get, "get b\n");
  CHECK(client.receive("ok\n\nok\n\nb 1 1\n") == errc::unexpected_data);
  CHECK(client.journal == "a: ok 1;b: " + text(errc::unexpected_data) + " 0;");
}

TEST_CASE("metrics exchange: of those that are under way, what is past its deadline has timed out") {
  Fixture client;
  client.add("a", Kind::put, "put a 1 1\nput b 1 1\n", 2);
  client.add("b", Kind::put, "put b 1 1\n");
  client.add("c", Kind::put, "put c 1 1\n");
  CHECK(client.exchange.deadline() == start + 1s);
  CHECK_FALSE(client.receive("ok\n\n"));
  client.exchange.time_out(start + 2s);
  CHECK(client.journal == "a: " + text(errc::timed_out) + " 1;b: " + text(errc::timed_out) +
                              " 0;c: " + text(errc::not_connected) + " 0;");
  CHECK(client.exchange.unanswered() == 0);
}

TEST_CASE("metrics exchange: what follows a connect waits for it, and ends when it is cancelled") {
  Fixture client;
  client.add("connect", Kind::connect, "");
  client.add("a", Kind::put, "put a 1 1\n");
  client.exchange.connected();
  CHECK(client.journal == "connect: ok 0;");
  CHECK_FALSE(client.receive("ok\n\n"));
  client.add("again", Kind::connect, "");
  client.add("b", Kind::put, "put b 1 1\n");
  CHECK(client.exchange.cancel(30, errc::end_of_stream));
  client.exchange.fail(errc::not_connected);
  CHECK(client.journal == "connect: ok 0;a: ok 1;again: " + text(errc::end_of_stream) +
                              " 0;b: " + text(errc::not_connected) + " 0;");
}

TEST_CASE("metrics exchange: a ring grows where it is, and gives back in order") {
  client::Ring<std::unique_ptr<int>> ring;
  int pushed = 0;
  int popped = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < round; ++i) ring.push_back(std::make_unique<int>(pushed++));
    for (int i = 0; i < round - 1; ++i) CHECK(*ring.pop_front() == popped++);
    for (std::size_t i = 0; i < ring.size(); ++i) CHECK(*ring[i] == popped + static_cast<int>(i));
  }
  CHECK(ring.size() == static_cast<std::size_t>(pushed - popped));
}
