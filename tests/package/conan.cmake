# Packages SOURCE with Conan and runs its test_package, where Conan is; OPTIONS go to `conan create`. It has a reference of
# its own, which is removed again.
find_program(conan conan NO_CACHE)
if(NOT conan)
  message("SKIPPED: no conan here")
  return()
endif()
file(REMOVE_RECURSE ${BINARY})
execute_process(COMMAND ${conan} profile detect --exist-ok COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${conan} create ${SOURCE} --user=statwire --channel=test --build=missing
  -c tools.cmake.cmake_layout:test_folder=${BINARY} ${OPTIONS} RESULT_VARIABLE result)
execute_process(COMMAND ${conan} remove "statwire/*@statwire/test" --confirm OUTPUT_QUIET ERROR_QUIET)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "conan create failed: ${result}")
endif()
