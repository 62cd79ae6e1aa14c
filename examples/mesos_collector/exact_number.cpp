#include "mesos_collector/exact_number.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <system_error>

namespace mesos_collector {
namespace {

mpz_class power_of_ten(unsigned exponent) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, exponent);
  return power;
}

/// `d.ddde-07` as std::to_chars writes it, or without the point.
ExactNumber value_of_scientific(std::string text) {
  const std::size_t e = text.find('e');
  int exponent = std::stoi(text.substr(e + 1));
  text.resize(e);
  if (const std::size_t point = text.find('.'); point != std::string::npos) {
    exponent -= static_cast<int>(text.size() - point - 1);
    text.erase(point, 1);
  }
  const mpz_class digits{text};
  const mpz_class power = power_of_ten(static_cast<unsigned>(std::abs(exponent)));
  if (exponent >= 0) return ExactNumber{mpz_class{digits * power}};
  ExactNumber value{digits, power};
  value.canonicalize();
  return value;
}

}  // namespace

std::optional<ExactNumber> binary_value(const Json& number) {
  if (number.is_number_integer()) return ExactNumber{number.dump()};
  if (!number.is_number_float() || !std::isfinite(number.get<double>())) return std::nullopt;
  return ExactNumber{number.get<double>()};
}

std::optional<ExactNumber> decimal_value(const Json& number) {
  if (!number.is_number_float()) return binary_value(number);
  const auto value = number.get<double>();
  if (!std::isfinite(value)) return std::nullopt;
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr;
  return value_of_scientific({text.data(), end});
}

std::optional<double> round_away(const ExactNumber& value, unsigned decimals) {
  const mpz_class scaled = value.get_num() * power_of_ten(decimals);
  const auto divide = sgn(value) < 0 ? mpz_fdiv_q : mpz_cdiv_q;
  mpz_class digits;
  divide(digits.get_mpz_t(), scaled.get_mpz_t(), value.get_den_mpz_t());
  const std::string text = digits.get_str() + "e-" + std::to_string(decimals);
  double nearest = 0;  // GMP's own conversions to double cut
  const auto error = std::from_chars(text.data(), text.data() + text.size(), nearest).ec;
  if (error != std::errc{}) return std::nullopt;
  return nearest;
}

}  // namespace mesos_collector
