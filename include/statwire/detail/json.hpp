#pragma once

// The one file that includes nlohmann-json; it comes with the target statwire::http.

#include <nlohmann/json.hpp>  // IWYU pragma: export
