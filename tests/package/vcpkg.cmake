# Runs the consumer of vcpkg with the port of this tree, where vcpkg is: see consume.cmake.
if(NOT EXISTS "$ENV{VCPKG_ROOT}/vcpkg")
  message("SKIPPED: no vcpkg in the folder that VCPKG_ROOT names ('$ENV{VCPKG_ROOT}')")
  return()
endif()
# Packages that vcpkg keeps from an earlier build are of an earlier tree.
list(APPEND OPTIONS -DCMAKE_TOOLCHAIN_FILE=$ENV{VCPKG_ROOT}/scripts/buildsystems/vcpkg.cmake
  -DVCPKG_INSTALL_OPTIONS=--binarysource=clear)
include(${CMAKE_CURRENT_LIST_DIR}/consume.cmake)
