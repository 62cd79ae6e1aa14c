#pragma once

// The version of statwire, written here and nowhere else: CMake, the packages and the documents read it from
// this file.

#define STATWIRE_VERSION_MAJOR 0
#define STATWIRE_VERSION_MINOR 1
#define STATWIRE_VERSION_PATCH 0

#define STATWIRE_DETAIL_TEXT_OF(major, minor, patch) #major "." #minor "." #patch
#define STATWIRE_DETAIL_TEXT(major, minor, patch) STATWIRE_DETAIL_TEXT_OF(major, minor, patch)
/// "0.1.0"
#define STATWIRE_DETAIL_VERSION_TEXT \
  STATWIRE_DETAIL_TEXT(STATWIRE_VERSION_MAJOR, STATWIRE_VERSION_MINOR, STATWIRE_VERSION_PATCH)
