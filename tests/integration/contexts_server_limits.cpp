// What a contexts server does with clients that are slow, many, broken, or no HTTP clients at all.

#include <ostream>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "statwire/detail/httplib.hpp"
#include "statwire/server/contexts_server.hpp"
#include "statwire/transport/tcp.hpp"
#include "support/loopback.hpp"

using namespace statwire;
using namespace statwire::test;

namespace {

const std::string document = R"({"identity": {"instance": "a"}, "timestamp": 7, "info": {"controller": {}}})";

std::string post(const std::string& body) {
  return "POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

/// Everything that comes back for some bytes.
std::string answer_to(std::uint16_t port, const std::string& bytes) {
  RawConnection client{port};
  client.send(bytes);
  return client.read_to_end();
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

void check_served(std::uint16_t port) {
  CHECK(answer_to(port, post(document)).starts_with("HTTP/1.1 200 OK\r\n"));
}

/// Others may still be on the way out.
void check_served_soon(std::uint16_t port, const std::string& request = post(document)) {
  const auto deadline = soon();
  while (!answer_to(port, request).starts_with("HTTP/1.1 200 OK\r\n")) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "not served");
  }
}

using Clients = std::vector<std::unique_ptr<RawConnection>>;

Clients connect(std::uint16_t port, int count, const std::string& bytes) {
  Clients clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawConnection>(port));
    clients.back()->send(bytes);
  }
  return clients;
}

}  // namespace

TEST_CASE("contexts server: what is no HTTP, or not the HTTP that it takes, gets an answer that says so") {
  server::ContextsServer server;
  server.start();
  struct Case {
    std::string bytes;
    const char* status;
  };
  const std::string line = "POST /register HTTP/1.1\r\n";
  const Case cases[]{
      {"garbage\r\n\r\n", "400"},
      {"\r\n\r\n", "400"},
      {std::string("\0\0\r\n\r\n", 6), "400"},
      {std::string("\x16\x03\x01\x00\xfc\x03\x03\r\n\r\n", 11), "400"},  // TLS begins like this
      {"GET /contexts HTTP/2.0\r\n\r\n", "400"},
      {"BREW /contexts HTTP/1.1\r\n\r\n", "400"},
      {"PRI * HTTP/1.1\r\n\r\n", "404"},
      {"GET /contexts?a?b HTTP/1.1\r\n\r\n", "400"},
      {"GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n", "414"},
      {"GET /contexts HTTP/1.1\r\nX: " + std::string(20000, 'x') + "\r\n\r\n", "431"},
      {std::string(20000, 'x'), "431"},
      {"GET /contexts HTTP/1.1\r\nRange: x\r\n\r\n", "416"},
      {"GET /contexts HTTP/1.1\r\nrange: bytes=" + std::string(8000, '-') + "\r\n\r\n", "416"},
      {"GET /contexts HTTP/1.1\r\nRange: bytes=99999999999999999999-\r\n\r\n", "416"},
      {line + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"},
      {line + "tRANSFER-eNCODING: gzip, chunked\r\nContent-Length: 2\r\n\r\n{}", "411"},
      {line + "\r\n" + document, "400"},  // no length, no body
      {line + "Content-Length: x\r\n\r\n", "400"},
      {line + "Content-Length: -1\r\n\r\n", "400"},
      {line + "Content-Length: +1\r\n\r\n{", "400"},
      {line + "Content-Length:\r\n\r\n", "400"},
      {line + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", "400"},
      {line + "Content-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\n{}", "400"},
      {line + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", "400"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.bytes.substr(0, 100));
    const std::string answer = answer_to(server.port(), item.bytes);
    CHECK_MESSAGE(answer.starts_with("HTTP/1.1 " + std::string{item.status}), answer);
    const std::string body = body_of(answer);
    CHECK_MESSAGE((body.size() > 1 && body.find('\n') == body.size() - 1), answer);
  }
  CHECK(server.instance_count() == 0);
  check_served(server.port());
}

TEST_CASE("contexts server: any legal way to write a request will do") {
  server::ContextsServer server;
  server.start();
  const std::string length = std::to_string(document.size());
  for (const std::string& bytes : {
           post(document),
           post(document) + "GET /contexts HTTP/1.1\r\n\r\n",  // one request a connection
           "POST /register?x=y HTTP/1.0\r\ncontent-length:" + length + "  \r\n\r\n" + document,
           "POST /%72egister HTTP/1.1\r\nCONTENT-LENGTH:\t" + length + "\r\nConnection: keep-alive\r\n\r\n" +
               document,
           "POST /register HTTP/1.1\r\nContent-Length: " + length + "\r\nContent-Length: " + length +
               "\r\n\r\n" + document,
       }) {
    CAPTURE(bytes);
    const std::string answer = answer_to(server.port(), bytes);
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\nok\n"));
  }
  RawConnection drip{server.port()};
  for (const char byte : post(document)) drip.send({&byte, 1});
  CHECK(drip.read_to_end().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("contexts server: a client that asks before it sends the body is told to go on") {
  server::ContextsServer server;
  server.start();
  const std::string request = post(document);
  const std::string head =
      request.substr(0, request.size() - document.size() - 2) + "Expect: 100-continue\r\n\r\n";
  RawConnection client{server.port()};
  client.send(head);
  client.expect("HTTP/1.1 100 Continue\r\n\r\n");
  client.send(document);
  CHECK(client.read_to_end().starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer_to(server.port(), head + document).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("contexts server: no client can have an answer multiplied or compressed") {
  server::ContextsServer server;
  server.start();
  check_served(server.port());
  std::string ranges = "bytes=0-9";
  while (ranges.size() < 90) ranges += ",0-9";
  for (const std::string& field :
       {"Range: " + ranges, std::string{"Range: bytes=1-2"}, std::string{"Accept-Encoding: br, gzip"}}) {
    CAPTURE(field.substr(0, 100));
    const std::string answer = answer_to(server.port(), "GET /contexts HTTP/1.1\r\n" + field + "\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(body_of(answer) == server.contexts());
  }
}

TEST_CASE("contexts server: clients that hang do not keep others waiting") {
  constexpr int each = 100;
  server::ContextsServer server{{.request_timeout = std::chrono::minutes{10}}};
  server.start();
  const std::string request = post(document);
  const Clients idle = connect(server.port(), each, "");
  const Clients in_line = connect(server.port(), each, "POST /reg");
  const Clients in_head = connect(server.port(), each, request.substr(0, 30));
  const Clients in_body = connect(server.port(), each, request.substr(0, request.size() - 1));
  for (int i = 0; i < 20; ++i) check_served(server.port());
  in_body[0]->send(request.substr(request.size() - 1));
  CHECK(in_body[0]->read_to_end().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("contexts server: a request that is not whole in time gets 408, and silence the end") {
  server::ContextsServer server{{.request_timeout = std::chrono::milliseconds{100}}};
  server.start();
  RawConnection idle{server.port()};
  CHECK(idle.read_to_end() == "");
  const std::string request = post(document);
  for (const std::size_t size : {std::size_t{1}, std::size_t{30}, request.size() - 1}) {
    const std::string answer = answer_to(server.port(), request.substr(0, size));
    CHECK(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    CHECK(body_of(answer) == "the request did not come in time\n");
  }
}

TEST_CASE("contexts server: bytes that keep coming do not put the end off") {
  server::ContextsServer server{{.request_timeout = std::chrono::milliseconds{100}}};
  server.start();
  TcpTransport client{"127.0.0.1", server.port()};
  std::error_code ec;
  client.connect(soon(), ec);
  client.write_some("POST /register HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", soon(), ec);
  std::array<char, 100> answer{};
  std::size_t size = 0;
  while (!ec && size == 0) {
    client.write_some("x", soon(), ec);
    std::error_code nothing_yet;
    if (!ec)
      size = client.read_some(answer, std::chrono::steady_clock::now() + std::chrono::milliseconds{1},
                              nothing_yet);
  }
  CHECK(std::string_view{answer.data(), size}.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("contexts server: a client that does not read its answer is given up in time") {
  server::ContextsServer server{{.max_connections = 1, .request_timeout = std::chrono::milliseconds{500}}};
  server.start();
  constexpr std::size_t more_than_buffers = 30;
  const std::string filler(1'000'000, 'x');
  for (std::size_t i = 0; i < more_than_buffers; ++i) {
    check_served_soon(server.port(),
                      post(R"({"identity": {"instance": ")" + std::to_string(i) +
                           R"("}, "timestamp": 7, "info": {"controller": {}, "x": ")" + filler + "\"}}"));
  }
  RawConnection deaf{server.port()};
  deaf.send("GET /contexts HTTP/1.1\r\n\r\n");
  check_served_soon(server.port());
  CHECK(deaf.read_to_end().size() < server.contexts().size());
}

TEST_CASE("contexts server: clients beyond the limit are told, and taken when others have gone") {
  server::ContextsServer server{{.max_connections = 2, .request_timeout = std::chrono::minutes{10}}};
  server.start();
  Clients clients = connect(server.port(), 2, "POST");
  const std::string answer = answer_to(server.port(), post(document));
  CHECK(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(body_of(answer) == "too many connections (limit 2)\n");
  clients.clear();
  check_served_soon(server.port());
}

TEST_CASE("contexts server: peers that go in the middle leave nothing behind") {
  server::ContextsServer server{{.max_connections = 3, .request_timeout = std::chrono::minutes{10}}};
  server.start();
  const std::string request = post(document);
  for (std::size_t size = 0; size < request.size(); ++size) {
    RawConnection client{server.port()};
    client.send(request.substr(0, size));
    client.close();
  }
  check_served_soon(server.port());
  CHECK(server.instance_count() == 1);
}

TEST_CASE("contexts server: its sockets are not inherited by programs that are started") {
  server::ContextsServer server;
  server.start();
  RawConnection client{server.port()};
  check_served(server.port());  // so the first one, which came before, is taken
  std::size_t listeners = 0;
  std::size_t clients = 0;
  constexpr int max_fd = 1024;
  for (int fd = 0; fd < max_fd; ++fd) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    if (address.sin_family != AF_INET || ntohs(address.sin_port) != server.port()) continue;
    int is_listener = 0;
    socklen_t option_size = sizeof(is_listener);
    ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listener, &option_size);
    ++(is_listener != 0 ? listeners : clients);
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(listeners == 1);
  CHECK(clients >= 1);  // the one that was served may still be closing
}
