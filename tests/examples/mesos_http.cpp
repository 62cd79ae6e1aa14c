// The Mesos collector's requests over real sockets: to peers that answer badly or not at all, and to a
// cluster on loopback.

#include <ostream>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon.hpp"
#include "http_fetch.hpp"
#include "mesos_collector/agent.hpp"
#include "mesos_collector/http_client.hpp"
#include "mesos_collector/masters.hpp"
#include "mesos_collector/simulated_tasks.hpp"
#include "mesos_collector/worker_pool.hpp"
#include "statwire/detail/asio.hpp"
#include "statwire/detail/httplib.hpp"
#include "support/http_peer.hpp"
#include "support/loopback.hpp"
#include "support/mesos_answers.hpp"
#include "support/mesos_cluster.hpp"

using namespace mesos_collector;
using namespace statwire::test;
using namespace std::chrono_literals;

namespace {

using Result = std::variant<HttpReply, Failure>;

constexpr HttpTimeouts patient{.connect = patience, .total = 3 * patience};
constexpr HttpTimeouts hasty{.connect = patience, .total = 200ms};

const std::string ok = "HTTP/1.1 200 OK\r\n";

HttpReply reply_of(const HttpPeer& peer) {
  Result result = make_http_get(patient)(peer.url("/x"));
  if (const auto* failure = std::get_if<Failure>(&result)) FAIL(failure->type << ": " << failure->message);
  return std::get<HttpReply>(std::move(result));
}

Failure failure_of(const std::string& url, HttpTimeouts timeouts = patient) {
  const Result result = make_http_get(timeouts)(url);
  REQUIRE(std::holds_alternative<Failure>(result));
  return std::get<Failure>(result);
}

/// What example::http_get says of a peer, with a body of 1 MiB at most.
std::variant<example::HttpAnswer, example::HttpProblem> get_a_mebibyte(const HttpPeer& peer) {
  return example::http_get({.host = "127.0.0.1", .port = peer.port(), .target = "/"},
                           {.connect = patience, .total = patience, .max_mebibytes = 1});
}

bool is_too_long(const HttpPeer& peer) {
  const auto result = get_a_mebibyte(peer);
  const auto* problem = std::get_if<example::HttpProblem>(&result);
  return problem != nullptr && problem->kind == example::HttpProblem::Kind::too_long &&
         problem->message == "its answer is longer than 1 MiB";
}

std::size_t entries_of(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{directory}, {}));
}

std::string type_of(const std::variant<std::vector<Json>, Failure>& tasks) {
  const auto* failure = std::get_if<Failure>(&tasks);
  return failure == nullptr ? "" : failure->type;
}

std::string no_answer() {
  return "its answer is no HTTP/1, or ends too early";
}

}  // namespace

TEST_CASE("mesos http: an answer comes with its status, type, Location and body, whatever the status") {
  const HttpPeer peer{
      "HTTP/1.1 307 Temporary Redirect\r\nlocation: //127.0.0.1:1/\r\n"
      "CONTENT-TYPE: text/html; charset=utf-8\r\nContent-Length: 5\r\n\r\nmoved"};
  const HttpReply reply = reply_of(peer);
  CHECK(reply.status == 307);
  CHECK(reply.location == "//127.0.0.1:1/");
  CHECK(reply.content_type == "text/html; charset=utf-8");
  CHECK(reply.body == "moved");
  CHECK(peer.connection_count() == 1);
  const std::string request = peer.request();
  CHECK(request.starts_with("GET /x HTTP/1.1\r\n"));
  CHECK(request.find("Host: 127.0.0.1:" + std::to_string(peer.port()) + "\r\n") != std::string::npos);
  CHECK(request.find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("mesos http: a body ends with its length, its last chunk or the connection") {
  const std::vector<std::pair<std::string, Ending>> peers{
      {ok + "Content-Length: 4\r\n\r\nbody", Ending::hang},
      {ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n3\r\nody\r\n0\r\n\r\n", Ending::hang},
      {ok + "\r\nbody", Ending::close},
      {"HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 4\r\n\r\nbody", Ending::hang},
  };
  for (const auto& entry : peers) {
    CAPTURE(entry.first);
    const HttpPeer peer{entry.first, entry.second};
    CHECK(reply_of(peer).body == "body");
  }
}

TEST_CASE("mesos http: a head and a body that come a byte at a time are read") {
  const std::string head = ok + "Content-Length: 30\r\n\r\n";
  const HttpPeer peer{head + std::string(30, 'x'), Ending::drip};
  CHECK(reply_of(peer).body == std::string(30, 'x'));
}

TEST_CASE("mesos http: a name is looked up") {
  const HttpPeer peer{ok + "\r\nbody"};
  const Result result = make_http_get(patient)("http://localhost:" + std::to_string(peer.port()) + "/");
  REQUIRE(std::holds_alternative<HttpReply>(result));
  CHECK(std::get<HttpReply>(result).body == "body");
}

TEST_CASE("mesos http: what is no URL is named, and nothing is connected") {
  for (const std::string url : {"", "127.0.0.1:5050", "https://127.0.0.1:5050", "http://127.0.0.1:0/"}) {
    CHECK(failure_of(url) ==
          Failure{"bad_address", "'" + url +
                                     "' is not http://host:port/path, with a port from 1 to "
                                     "65535 and without white space"});
  }
}

TEST_CASE("mesos http: where nobody listens, that is said") {
  RecordedCluster cluster{{{"[]"}}};
  cluster->set_agent_fault(0, Fault::refuse);
  CHECK(failure_of("http://" + cluster->agents()[0]) ==
        Failure{"connect_failed", "no connection: Connection refused"});
}

TEST_CASE("mesos http: what takes too long ends in time, whatever it is that takes so long") {
  const std::vector<std::pair<std::string, Ending>> peers{
      {"", Ending::be_blind},
      {"", Ending::hang},
      {ok, Ending::hang},
      {ok + "Content-Length: 100\r\n\r\nhalf", Ending::hang},
      {ok + "A: aaa", Ending::drip},
      {ok + "Content-Length: 100000\r\n\r\nx", Ending::drip},
      {ok + "\r\nx", Ending::drip},  // without a length, its end would count as whole
      {ok + "Transfer-Encoding: chunked\r\n\r\n1", Ending::drip},
  };
  for (const auto& entry : peers) {
    CAPTURE(entry.first);
    const HttpPeer peer{entry.first, entry.second};
    CHECK(failure_of(peer.url(), hasty).type == "timeout");
  }
}

TEST_CASE("mesos http: a connection that is not taken ends in time") {
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor{io};
  acceptor.open(asio::ip::tcp::v4());
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(0);
  const std::string url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  // Linux lets one more in than it was told; whoever comes later waits.
  std::vector<asio::ip::tcp::socket> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(io).async_connect(acceptor.local_endpoint(), [](std::error_code) {});
  }
  CHECK(failure_of(url, {.connect = 100ms, .total = patience}) ==
        Failure{"timeout", "no connection within 100 ms"});
  CHECK(failure_of(url, {.connect = patience, .total = 100ms}) ==
        Failure{"timeout", "no connection within 100 ms"});
}

TEST_CASE("mesos http: what is no HTTP, or ends too early, is no answer") {
  const std::vector<std::pair<std::string, Ending>> peers{
      {"", Ending::close},
      {"", Ending::leave},
      {"", Ending::be_rude},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", Ending::close},
      {"HTTP/2 200\r\n\r\n", Ending::close},
      {"HTTP/1.1 two hundred\r\n\r\n", Ending::close},
      {ok + "A: b\r\n", Ending::close},
      {ok + "Content-Length: 100\r\n\r\nhalf", Ending::close},
      {ok + "Content-Length: 100\r\n\r\nhalf", Ending::reset},
      {ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf", Ending::close},
      {ok + "Transfer-Encoding: chunked\r\n\r\nx\r\n", Ending::close},
      {"HTTP/1.1 200 " + std::string(100'000, 'x'), Ending::close},
      {"HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x') + "\r\n\r\n", Ending::close},
  };
  for (const auto& entry : peers) {
    CAPTURE(entry.first.substr(0, 100));
    const HttpPeer peer{entry.first, entry.second};
    CHECK(failure_of(peer.url()) == Failure{"no_answer", no_answer()});
  }
}

TEST_CASE("mesos http: a head without end is no answer, long before the time is up") {
  const HttpPeer peer{"HTTP/1.1 200 OK\r\nA: b", Ending::repeat};
  CHECK(failure_of(peer.url()) == Failure{"no_answer", no_answer()});
}

TEST_CASE("mesos http: a body has 64 MiB at most") {
  const HttpPeer peer{ok + "\r\n" + std::string(1 << 20, 'x'), Ending::repeat};
  CHECK(failure_of(peer.url()) == Failure{"too_long", "its answer is longer than 64 MiB"});
}

TEST_CASE("mesos http: the longest body is as long as was said, to the byte") {
  constexpr std::size_t most = 1 << 20;
  const std::string length = ok + "Content-Length: ";
  const HttpPeer longest{length + std::to_string(most) + "\r\n\r\n" + std::string(most, 'x')};
  const auto result = get_a_mebibyte(longest);
  REQUIRE(std::holds_alternative<example::HttpAnswer>(result));
  CHECK(std::get<example::HttpAnswer>(result).body.size() == most);
  CHECK(is_too_long(HttpPeer{length + std::to_string(most + 1) + "\r\n\r\n" + std::string(most + 1, 'x')}));
  CHECK(is_too_long(HttpPeer{ok + "\r\n" + std::string(most + 1, 'x')}));
  // The length of a chunk may be as long as it likes, as far as cpp-httplib is concerned.
  CHECK(is_too_long(HttpPeer{ok + "Transfer-Encoding: chunked\r\n\r\n" + std::string(3 * most, '0')}));
}

TEST_CASE("http fetch: says what it always said") {
  const auto error_of = [](std::uint16_t port, std::chrono::milliseconds timeout = patience) {
    std::string error;
    CHECK_FALSE(example::fetch({.host = "127.0.0.1", .port = port}, timeout, 1, error));
    return error;
  };
  RecordedCluster nobody{{{"[]"}}};
  const std::string url = nobody->agents()[0];
  nobody->set_agent_fault(0, Fault::refuse);
  const auto port = static_cast<std::uint16_t>(std::stoul(url.substr(url.find(':') + 1)));
  CHECK(error_of(port) == "no answer (" + httplib::to_string(httplib::Error::Connection) + ")");
  const std::string unread = "no answer (" + httplib::to_string(httplib::Error::Read) + ")";
  const HttpPeer silent{"", Ending::hang};
  CHECK(error_of(silent.port(), 100ms).starts_with("no answer ("));
  const HttpPeer cut{ok + "Content-Length: 9\r\n\r\nhalf"};
  CHECK(error_of(cut.port()) == unread);
  const HttpPeer missing{"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nbody"};
  CHECK(error_of(missing.port()) == "it answered with the HTTP status 404");
  const HttpPeer endless{ok + "\r\n" + std::string(1 << 16, 'x'), Ending::repeat};
  CHECK(error_of(endless.port()) == "its answer is longer than 1 MiB");
  const HttpPeer good{ok + "Content-Length: 4\r\n\r\nbody"};
  std::string error;
  CHECK(example::fetch({.host = "127.0.0.1", .port = good.port()}, patience, 1, error) == "body");
  CHECK(error.empty());
}

TEST_CASE("mesos cluster: the agents are found through whichever master answers") {
  RecordedCluster cluster{{{"[1]", "[2]", "[3]"}}, 3};
  const HttpGet get = make_http_get(patient);
  LogLines log;
  const std::vector<std::string> masters = cluster->masters();
  CHECK(find_leader({masters[2]}, get, log.log) == masters[0]);
  CHECK(find_agents(masters, get, log.log) == cluster->agents());
  CHECK(log.lines.empty());

  cluster->lead(2);
  cluster->set_master_fault(0, Fault::refuse);
  cluster->set_master_fault(1, Fault::unavailable);
  CHECK(find_agents(masters, get, log.log) == cluster->agents());
  CHECK(log.lines.size() == 2);
  CHECK_FALSE(is_master_healthy(masters[0], get));
  CHECK_FALSE(is_master_healthy(masters[1], get));
  CHECK(is_master_healthy(masters[2], get));

  cluster->set_master_fault(2, Fault::garbage);
  CHECK_FALSE(find_agents(masters, get, log.log));
  CHECK(log.lines.size() == 5);

  cluster->set_master_fault(0, Fault::none);
  cluster->lead(0);
  CHECK(find_leader(masters, get, log.log) == masters[0]);
}

TEST_CASE("mesos cluster: an agent fails as it is told to, and the others do not") {
  RecordedCluster cluster{{{R"([{"a":1}])", R"([{"a":2}])"}}};
  const std::vector<std::pair<Fault, std::string>> faults{
      {Fault::refuse, "connect_failed"},   {Fault::silence, "timeout"},
      {Fault::garbage, "no_answer"},       {Fault::half_answer, "no_answer"},
      {Fault::unavailable, "http_status"}, {Fault::bad_json, "not_json"},
      {Fault::wrong_type, "not_json"},     {Fault::none, ""},
  };
  const std::vector<std::string> agents = cluster->agents();
  for (const auto& entry : faults) {
    const Fault fault = entry.first;
    const std::string& type = entry.second;
    CAPTURE(type);
    cluster->set_agent_fault(0, fault);
    CHECK(type_of(agent_tasks(agents[0], make_http_get(fault == Fault::silence ? hasty : patient))) == type);
    CHECK(type_of(agent_tasks(agents[1], make_http_get(patient))) == "");
  }
}

TEST_CASE("mesos cluster: the agents answer what belongs to the round") {
  RecordedCluster cluster{{{"[1]", "[2]"}, {"[3]", "[4]"}}};
  const HttpGet get = make_http_get(patient);
  const auto answers = [&] {
    std::vector<Json> tasks;
    for (const std::string& agent : cluster->agents()) {
      tasks.push_back(std::get<std::vector<Json>>(agent_tasks(agent, get)).at(0));
    }
    return tasks;
  };
  CHECK(answers() == std::vector<Json>{1, 2});
  cluster.next_round();
  CHECK(answers() == std::vector<Json>{3, 4});
}

TEST_CASE("mesos cluster: hundreds of agents are asked in rounds, and nothing is left over") {
  example::raise_descriptor_limit();
  constexpr std::size_t agents = 500;
  SimulatedCluster cluster{{.agents = agents, .statistics = SimulatedTasks{2}}};
  cluster.set_agent_fault(7, Fault::refuse);
  cluster.set_agent_fault(8, Fault::half_answer);
  const HttpGet get = make_http_get(patient);
  LogLines log;
  WorkerPool pool{32};
  const auto round = [&] {
    const auto found = find_agents(cluster.masters(), get, log.log);
    REQUIRE(found);
    std::atomic<std::size_t> tasks{0};
    pool.for_each(found->size(), [&](std::size_t i) {
      const auto answer = agent_tasks((*found)[i], get);
      if (const auto* list = std::get_if<std::vector<Json>>(&answer)) tasks += list->size();
    });
    return tasks.load();
  };
  CHECK(round() == 2 * (agents - 2));
  const std::size_t threads = entries_of("/proc/self/task");
  for (int i = 0; i < 3; ++i) CHECK(round() == 2 * (agents - 2));
  CHECK(entries_of("/proc/self/task") == threads);
  // The cluster closes its end of a connection when it gets to it.
  wait_until("as many descriptors as servers and little more",
             [&] { return entries_of("/proc/self/fd") < agents + 50; });
}
