#include "statwire/server/error_text.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <system_error>

namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "test"; }
  std::string message(int value) const override {
    return value == 1 ? "" : std::string{"two\nlines\r\n\tand\x7f a \0 byte", 24};
  }
};

}  // namespace

TEST_CASE("error_text: a message is one line, and never empty") {
  const Category category;
  CHECK(statwire::server::error_text({1, category}) == "unknown error");
  CHECK(statwire::server::error_text({2, category}) == "two lines   and  a   byt");
  CHECK(statwire::server::error_text(std::make_error_code(std::errc::io_error)) ==
        std::make_error_code(std::errc::io_error).message());
}
