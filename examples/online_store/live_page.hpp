#pragma once

// The live page, as it is sent: live_page.html, which the build puts into the program.

#include <string_view>

namespace online_store {

extern const std::string_view live_page;

}  // namespace online_store
