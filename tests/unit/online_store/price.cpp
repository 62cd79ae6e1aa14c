#include "online_store/price.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>

using online_store::parse_price;

TEST_CASE("price: the digits count, whatever stands between them") {
  CHECK(parse_price("1 500 руб.") == 1500);
  CHECK(parse_price("12 345,67") == 1234567);
  CHECK(parse_price("1.5") == 15);
  CHECK(parse_price("-7") == 7);
  CHECK(parse_price("2&nbsp;000") == 2000);
  CHECK(parse_price("0") == 0);
  CHECK(parse_price("007 ₽") == 7);
  CHECK(parse_price("1e3") == 13);
}

TEST_CASE("price: without digits, and beyond 15 of them, there is none") {
  CHECK_FALSE(parse_price(""));
  CHECK_FALSE(parse_price("free"));
  CHECK_FALSE(parse_price("²"));
  CHECK(parse_price(std::string(15, '9')) == 999'999'999'999'999);
  CHECK_FALSE(parse_price("1" + std::string(15, '0')));
  CHECK_FALSE(parse_price(std::string(310, '9')));
  CHECK(parse_price(std::string(310, '0')) == 0);
}
