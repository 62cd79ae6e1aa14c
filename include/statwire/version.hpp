#pragma once

// The version of statwire, written here and nowhere else: CMake, the packages and the documents read it from
// this file.

#define STATWIRE_VERSION_MAJOR 0
#define STATWIRE_VERSION_MINOR 1
#define STATWIRE_VERSION_PATCH 0
