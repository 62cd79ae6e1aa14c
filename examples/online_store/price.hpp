#pragma once

// What an order comes to, as the shop's pages write it.

#include <optional>
#include <string_view>

namespace online_store {

/// The decimal digits of a text, whatever stands between them, as a number, for so does the original read it:
/// "1 500 руб." is 1500, and "12 345,67" is 1234567.
/// None: there are no digits, or it is 10^15 or more.
std::optional<double> parse_price(std::string_view text);

}  // namespace online_store
