#pragma once

// The one file that includes cpp-httplib; it comes, with the flags that it needs, with the target
// statwire::http. Any version from 0.11 (Debian 12).

#include <httplib.h>  // IWYU pragma: export
