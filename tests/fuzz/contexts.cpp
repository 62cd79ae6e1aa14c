// Any bytes as contexts: refused with one line, or kept and listed as JSON that is the same when it is
// registered again. And any bytes as a request: answered with one HTTP answer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "statwire/detail/json.hpp"
#include "statwire/server/contexts_http.hpp"
#include "statwire/server/contexts_store.hpp"

namespace {

using namespace statwire::server;

void require(bool condition) {
  if (!condition) std::abort();
}

void register_body(std::string_view body) {
  ContextsStore store;
  std::string why;
  const Registration registration = store.put(body, why);
  require((registration == Registration::is_taken) == (store.size() == 1));
  require((registration == Registration::is_taken) == why.empty());
  require(std::all_of(why.begin(), why.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  const std::string listed = store.json();
  const auto contexts = nlohmann::json::parse(listed).at("contexts");
  require(contexts.size() == store.size());
  if (contexts.empty()) return;
  require(store.put(contexts.at(0).dump(), why) == Registration::is_taken);
  require(store.json() == listed);
}

void answer_request(std::string_view bytes) {
  constexpr std::string_view ending = "\r\n\r\n";
  const std::size_t end = bytes.find(ending);
  if (end == std::string_view::npos) return;
  const std::string_view head = bytes.substr(0, end + ending.size());
  const detail::RequestFrame frame = detail::read_frame(head, bytes.size());
  static ContextsStore store;
  static detail::ContextsHttp http{store};
  const std::string answer =
      frame.refusal.empty() ? http.answer(head, bytes.substr(head.size())) : frame.refusal;
  require(answer.starts_with("HTTP/1.1 "));
  require(answer.find("Connection: close\r\n") < answer.find(ending));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  register_body(bytes);
  answer_request(bytes);
  return 0;
}
