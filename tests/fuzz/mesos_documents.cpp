// Any two samples of a task: a document whose text reads back as it, and which fits into the table; or a
// failure with a short message. The bytes are two JSON texts with a zero between them; and they are also
// taken for the numbers of two samples that are right otherwise, since few bytes are JSON.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mesos_collector/document.hpp"
#include "mesos_collector/python_json.hpp"
#include "mesos_collector/table.hpp"

namespace {

using namespace mesos_collector;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_text(const Json& value) {
  const std::string text = to_python_json(value);
  const Json again = Json::parse(text);
  require(again == value);
  require(to_python_json(again) == text);
}

void check_documents(const Json& before, const Json& now) {
  for (const bool is_strict : {true, false}) {
    const DocumentOptions options{.include_raw = !is_strict, .publish_resets = !is_strict};
    const auto built = build_document("10.0.0.1:5051", before, now, options);
    if (const auto* const failure = std::get_if<Failure>(&built)) {
      constexpr std::size_t longest = 400;  // with 40 bytes of a value, each of which may be `\u0000`
      require(!failure->type.empty() && failure->message.size() < longest);
      continue;
    }
    const Json& document = std::get<Json>(built);
    check_text(document);
    const std::vector<std::string> lines = task_table({document}, 1);
    require(lines.size() == 2 && lines[0].size() == lines[1].size());
  }
}

void check_as_texts(std::string_view bytes) {
  const std::size_t zero = bytes.find('\0');
  if (zero == std::string_view::npos) return;
  const Json before = Json::parse(bytes.substr(0, zero), nullptr, false);
  const Json now = Json::parse(bytes.substr(zero + 1), nullptr, false);
  if (!before.is_discarded()) check_text(before);
  if (!now.is_discarded()) check_text(now);
  if (!before.is_discarded() && !now.is_discarded()) check_documents(before, now);
}

/// Takes numbers off the front; when there are no more bytes, they are 0.
class Numbers {
 public:
  explicit Numbers(std::string_view bytes) : bytes_{bytes} {}

  Json next() {
    const auto kind = take<std::uint8_t>();
    if (kind % 4 == 0) return take<std::int64_t>();
    if (kind % 4 == 1) return static_cast<double>(take<std::int32_t>()) / 1000;
    if (kind % 4 == 2) return take<std::uint64_t>();
    const auto number = take<double>();
    return std::isfinite(number) ? Json(number) : Json();  // as the library writes what JSON does not have
  }

 private:
  template <class Number>
  Number take() {
    Number number{};
    const std::string_view bytes = bytes_.substr(0, sizeof(number));
    std::memcpy(&number, bytes.data(), bytes.size());
    bytes_.remove_prefix(bytes.size());
    return number;
  }

  std::string_view bytes_;
};

void check_as_numbers(std::string_view bytes) {
  Numbers numbers{bytes};
  const auto task = [&] {
    Json statistics;
    for (const char* const field :
         {"timestamp", "cpus_user_time_secs", "cpus_system_time_secs", "cpus_throttled_time_secs",
          "cpus_limit", "mem_rss_bytes", "mem_limit_bytes"}) {
      statistics[field] = numbers.next();
    }
    return Json{{"executor_id", "infra_stress.1"}, {"statistics", statistics}};
  };
  const Json before = task();
  const Json now = task();
  check_documents(before, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  check_as_texts(bytes);
  check_as_numbers(bytes);
  return 0;
}
