// nginx, in front of a server of its own, takes the contexts and logs what came; its 404, 500 and 302 are
// told apart.

#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "statwire/contexts.hpp"
#include "support/child_process.hpp"
#include "support/counterpart.hpp"
#include "support/line_listener.hpp"
#include "support/scratch_directory.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;

class Nginx {
 public:
  explicit Nginx(const std::filesystem::path& program)
      : process_{{program, "-e", "stderr", "-p", scratch_.path(), "-c",
                  scratch_.write("nginx.conf", configuration())}} {
    wait_for_listener(port_);
  }

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

  /// Ends it; it has written its log then. Returns a line of it for every request.
  std::vector<nlohmann::json> end() {
    process_.signal(SIGQUIT);  // when all requests are done
    CHECK(process_.wait() == 0);
    CAPTURE(process_.output());
    std::vector<nlohmann::json> requests;
    std::ifstream log{scratch_.path() / "requests.log"};
    for (std::string line; std::getline(log, line);) requests.push_back(nlohmann::json::parse(line));
    return requests;
  }

 private:
  /// One process, which keeps everything in its directory, whoever starts it.
  std::string configuration() const {
    const std::string folder = scratch_.path();
    std::string temporary;
    for (const std::string kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      temporary += kind + "_temp_path " + folder + "/" + kind + ";\n";
    }
    const std::string inner = std::to_string(inner_port_);
    return "daemon off;\nmaster_process off;\npid " + folder + "/pid;\nerror_log stderr;\n" +
           "events { worker_connections 64; }\nhttp {\n" + temporary +
           "access_log off;\nclient_body_buffer_size 1m;\n"  // a body in a file is not logged
           "log_format request escape=json '{\"line\":\"$request\",\"host\":\"$http_host\","
           "\"type\":\"$http_content_type\",\"length\":\"$http_content_length\","
           "\"connection\":\"$http_connection\",\"encoding\":\"$http_accept_encoding\","
           "\"agent\":\"$http_user_agent\",\"body\":\"$request_body\"}';\n"
           "server {\nlisten 127.0.0.1:" +
           std::to_string(port_) + ";\nlocation /register {\naccess_log " + folder +
           "/requests.log request;\nproxy_pass http://127.0.0.1:" + inner +
           ";\n}\nlocation /none { return 404; }\nlocation /broken { return 500; }\n"
           "location /moved { return 302 /register; }\n}\n"
           "server {\nlisten 127.0.0.1:" +
           inner + ";\nlocation / { return 200 registered; }\n}\n}\n";
  }

  const ScratchDirectory scratch_;
  const std::uint16_t port_ = free_tcp_port();
  const std::uint16_t inner_port_ = free_tcp_port();
  ChildProcess process_;
};

std::error_code error_of(const std::string& url, const std::vector<std::string>& controllers) {
  std::error_code ec;
  register_contexts(
      {.prefix = "v1.tatar.bars.test.instance_test", .contexts_url = url}, controllers,
      {.urls = {"/desktop/save"}, .timeout = patience, .now = [] { return std::int64_t{1386900000}; }}, ec);
  return ec;
}

}  // namespace

TEST_CASE("nginx: it passes the contexts on, as they were meant, and its refusals are named") {
  const std::filesystem::path program = find_daemon("nginx");
  if (is_missing("nginx", program)) return;
  Nginx server{program};
  const std::vector<std::string> odd{"", "/\"quoted\"\\", "/caf\xc3\xa9", "/\t"};
  std::vector<std::string> many;
  for (int i = 0; i < 5000; ++i) many.push_back("/controllers/" + std::to_string(i));
  CHECK_FALSE(error_of(server.url("/register"), {"/desktop"}));
  CHECK_FALSE(error_of(server.url("/register?odd"), odd));
  CHECK_FALSE(error_of(server.url("/register?many"), many));
  CHECK(error_of(server.url("/none"), odd) == http_status_error(404));
  CHECK(error_of(server.url("/broken"), many) == http_status_error(500));
  CHECK(error_of(server.url("/moved"), odd) == http_status_error(302));

  const std::vector<nlohmann::json> requests = server.end();
  REQUIRE(requests.size() == 3);
  for (const nlohmann::json& request : requests) {
    CHECK(request["host"] == "127.0.0.1:" + std::to_string(server.port()));
    CHECK(request["type"] == "application/json");
    CHECK(request["connection"] == "close");
    CHECK(request["encoding"] == "identity");
    CHECK(request["agent"] == "statwire/" STATWIRE_DETAIL_VERSION_TEXT);
    CHECK(request["length"] == std::to_string(request["body"].get<std::string>().size()));
  }
  CHECK(requests[0]["line"] == "POST /register HTTP/1.1");
  CHECK(requests[1]["line"] == "POST /register?odd HTTP/1.1");
  CHECK(nlohmann::json::parse(requests[0]["body"].get<std::string>()) == nlohmann::json::parse(R"({
      "timestamp": 1386900000,
      "info": {"controller": {"e1fc414efb00462ad25041a21e45e696": {"url": "/desktop"}},
               "url": {"62ce4042be0628fb7dcf2b1a03f36295": "/desktop/save"}},
      "identity": {"version": "v1", "region": "tatar", "client": "bars", "product": "test",
                   "instance": "test"}})"));
  std::vector<std::string> arrived;
  const auto document = nlohmann::json::parse(requests[1]["body"].get<std::string>());
  for (const auto& entry : document["info"]["controller"]) arrived.push_back(entry["url"]);
  CHECK(std::ranges::is_permutation(arrived, odd));
  const auto large = nlohmann::json::parse(requests[2]["body"].get<std::string>());
  CHECK(large["info"]["controller"].size() == many.size());
}
