# What only developers of statwire build with: warnings, and the sanitizers. Nothing here reaches a consumer.

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(STATWIRE_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")

add_library(statwire_developer INTERFACE)
target_compile_options(statwire_developer INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(STATWIRE_SANITIZE)
  target_compile_options(statwire_developer INTERFACE
    -fsanitize=${STATWIRE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(statwire_developer INTERFACE -fsanitize=${STATWIRE_SANITIZE})
endif()

# The folder of Asio for what calls the compiler without a target, when Asio was found as a package.
if(NOT STATWIRE_ASIO_INCLUDE_DIR)
  statwire_include_folders(asio::asio folders)
  find_path(STATWIRE_ASIO_INCLUDE_DIR asio.hpp PATHS ${folders} NO_CACHE)
endif()
