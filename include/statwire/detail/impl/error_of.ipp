#pragma once

// What error_of.hpp declares; see detail/config.hpp.

#include <system_error>

#include "statwire/detail/asio.hpp"
#include "statwire/detail/config.hpp"
#include "statwire/detail/error_of.hpp"

namespace statwire::detail {

STATWIRE_DECL std::error_code standard(std::error_code ec) noexcept {
  if (ec.category() != asio::error::get_system_category()) return ec;
  return {ec.value(), std::system_category()};
}

}  // namespace statwire::detail
