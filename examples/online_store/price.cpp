#include "online_store/price.hpp"

#include <charconv>
#include <string>
#include <system_error>

namespace online_store {

std::optional<double> parse_price(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
  }
  double price = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), price);
  constexpr double most = 1e15;  // beyond it sums of a day would not be exact any more
  if (error != std::errc{} || price >= most) return std::nullopt;
  return price;
}

}  // namespace online_store
