#include "mesos_collector/parse_json.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace mesos_collector {
namespace {

/// Reads a text without keeping anything of it, up to what no cluster sends: what is nested deeply costs
/// stack whenever it is written, each member of an object is looked for among all before it, and a value in
/// memory is many times as long as its text.
class Bounds final : public Json::json_sax_t {
 public:
  bool null() override { return take_value(); }
  bool boolean(bool) override { return take_value(); }
  bool number_integer(number_integer_t) override { return take_value(); }
  bool number_unsigned(number_unsigned_t) override { return take_value(); }
  bool number_float(number_float_t, const string_t&) override { return take_value(); }
  bool string(string_t&) override { return take_value(); }
  bool binary(binary_t&) override { return take_value(); }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t&) override {
    constexpr std::size_t most_members = 1000;
    return keep_if(++members_.back() <= most_members);
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

  bool are_kept() const { return are_kept_; }

 private:
  bool take_value() {
    constexpr std::size_t most_values = 1'000'000;
    return keep_if(++values_ <= most_values);
  }

  bool open() {
    constexpr std::size_t most_levels = 32;
    members_.push_back(0);
    return take_value() && keep_if(members_.size() <= most_levels);
  }

  bool close() {
    members_.pop_back();
    return true;
  }

  bool keep_if(bool is_kept) {
    are_kept_ = is_kept;
    return is_kept;
  }

  std::vector<std::size_t> members_;  ///< Of what is open at each level.
  std::size_t values_ = 0;
  bool are_kept_ = true;
};

}  // namespace

std::variant<Json, Failure> parse_json(std::string_view text, std::string_view name) {
  Bounds bounds;
  if (Json::sax_parse(text, &bounds)) return Json::parse(text);
  if (!bounds.are_kept()) {
    return Failure{"not_json", std::string{name} +
                                   " has more than 32 levels, 1000 members in an object, or 1000000 values"};
  }
  return Failure{"not_json",
                 std::string{name} + " of " + std::to_string(text.size()) + " bytes is malformed JSON"};
}

}  // namespace mesos_collector
